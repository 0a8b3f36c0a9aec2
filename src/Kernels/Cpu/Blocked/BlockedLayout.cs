namespace ResNeSt.Kernels.Cpu;

/// <summary>How F32 activations lie in memory inside a compiled session: [N][C/16][rows][columns][16 channels], with zeros around the image.</summary>
/// <remarks>Sixteen channels of one pixel are one AVX-512 register, two AVX2 or four 128-bit ones. The zeros around the image take the place of
/// branches at its border; whoever writes a buffer writes them too, since the memory is shared with other layers. Lanes behind the last channel hold zeros.</remarks>
/// <param name="Batch">N.</param>
/// <param name="Channels">C; the last block may be partly filled.</param>
/// <param name="Height">Rows of the image.</param>
/// <param name="Width">Columns of the image.</param>
/// <param name="Border">Zeros around it.</param>
internal readonly record struct BlockedLayout(int Batch, int Channels, int Height, int Width, Border Border)
{
    /// <summary>Channels of a block.</summary>
    public const int Block = 16;

    /// <summary>Blocks of channels.</summary>
    public int Blocks => (Channels + Block - 1) / Block;

    /// <summary>Rows with the border.</summary>
    public int Rows => Border.Top + Height + Border.Bottom;

    /// <summary>Columns with the border.</summary>
    public int Columns => Border.Left + Width + Border.Right;

    /// <summary>Floats from one row to the next.</summary>
    public nint RowStride => (nint)Columns * Block;

    /// <summary>Floats from one block of channels to the next.</summary>
    public nint BlockStride => Rows * RowStride;

    /// <summary>Floats from one picture to the next.</summary>
    public nint BatchStride => Blocks * BlockStride;

    /// <summary>Size in bytes.</summary>
    public long ByteLength => (long)Batch * BatchStride * sizeof(float);

    /// <summary>Index of the first float of a pixel; the border has negative coordinates and those from the extents on.</summary>
    public nint Offset(int n, int block, int y, int x) =>
        n * BatchStride + block * BlockStride + (y + Border.Top) * RowStride + (nint)(x + Border.Left) * Block;
}

/// <summary>Rows and columns of zeros around an image.</summary>
internal readonly record struct Border(int Top, int Left, int Bottom, int Right)
{
    /// <summary>The least border that contains both.</summary>
    public static Border Union(Border a, Border b) =>
        new(Math.Max(a.Top, b.Top), Math.Max(a.Left, b.Left), Math.Max(a.Bottom, b.Bottom), Math.Max(a.Right, b.Right));
}
