using System.Runtime.CompilerServices;
using ILGPU;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Where a product whose columns are the pixels of images puts the sums of its rows over the pixels of each image: in parts of 64 pixels, which
/// <see cref="PoolParts"/> adds up.</summary>
/// <param name="sums">[parts, images in a part, channels].</param>
/// <param name="wanted">Whether there are such sums at all.</param>
/// <param name="layout">The result, a channel a piece.</param>
/// <param name="groups">Products that share the channels.</param>
internal readonly struct RowSums(ArrayView<float> sums, bool wanted, MapLayout layout, int groups)
{
    /// <summary>Images that a part may touch; zero if no sums are wanted.</summary>
    public readonly int ImagesPerPart = wanted ? PoolParts.ImagesPerPart(layout.Height * layout.Width) : 0;

    /// <summary>Pixels of all images.</summary>
    public readonly int Pixels = layout.Pixels;

    public readonly FastDivisor Plane = new(layout.Height * layout.Width);
    public readonly FastDivisor Channels = new(layout.Channels);
    private readonly ArrayView<float> _sums = sums;
    private readonly int _rows = layout.Channels / groups;

    /// <summary>Parts of 64 pixels.</summary>
    public int Parts => (Pixels + PoolParts.Pixels - 1) / PoolParts.Pixels;

    /// <summary>The first pixel of the image with which the part of a pixel begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int FirstOf(int pixel) => Plane.Divide(pixel / PoolParts.Pixels * PoolParts.Pixels) * Plane.Divisor;

    /// <summary>Stores the sum of a product's row, if there are such a row and such an image in the part.</summary>
    /// <param name="batch">Which product.</param>
    /// <param name="row">The row.</param>
    /// <param name="part">The part.</param>
    /// <param name="slot">Which of the part's images.</param>
    /// <param name="sum">The sum over those pixels of the part that are the image's.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int batch, int row, int part, int slot, float sum)
    {
        int begin = part * PoolParts.Pixels, end = IntrinsicMath.Min(begin + PoolParts.Pixels, Pixels);
        if (row < _rows && FirstOf(begin) + slot * Plane.Divisor < end)
            Put(part, slot, batch * _rows + row, sum);
    }

    /// <summary>Stores the sum of a channel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put(int part, int slot, int channel, float sum) => _sums[(part * ImagesPerPart + slot) * Channels.Divisor + channel] = sum;
}
