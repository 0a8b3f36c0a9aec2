using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>How a map [N,C,H,W] lies inside compiled sessions on tensor cores: pixel after pixel, the channels of each in pieces of 16 bytes, in the
/// format of the products. Channels behind the last, which fill the last piece, are zeros.</summary>
/// <param name="Images">N.</param>
/// <param name="Channels">C.</param>
/// <param name="Height">H.</param>
/// <param name="Width">W.</param>
/// <param name="PerPiece">Channels of a piece.</param>
internal readonly record struct MapLayout(int Images, int Channels, int Height, int Width, int PerPiece)
{
    public MapLayout(Shape shape, int perPiece)
        : this(shape[0], shape[1], shape[2], shape[3], perPiece)
    {
    }

    /// <summary>Pieces of a pixel.</summary>
    public int Pieces => (Channels + PerPiece - 1) / PerPiece;

    /// <summary>Pixels of all images.</summary>
    public int Pixels => Images * Height * Width;

    /// <summary>Size in bytes.</summary>
    public long ByteLength => 16L * Pixels * Pieces;
}
