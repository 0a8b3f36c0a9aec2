using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Image [N, G·C, H, W], offsets [N, 2·G·T, H', W'], mask [N, G·T, H', W'] and samples [N, G·C·T, H', W'] of a deformable convolution with
/// T taps and G offset groups of C channels.</summary>
/// <param name="sampling">Where the taps lie.</param>
/// <param name="image">Shape of the image.</param>
/// <param name="offset">Shape of the offsets.</param>
/// <param name="masked">Whether there is a mask.</param>
internal readonly struct DeformShape(DeformSampling sampling, Shape image, Shape offset, bool masked)
{
    /// <summary>Beyond any picture, and so little that adding a place stays within 31 bits.</summary>
    private const float Far = 1 << 24;

    /// <summary>Channels that one thread takes: what it finds out about a sample serves them all.</summary>
    public const int ChannelsPerThread = 4;

    public readonly int Height = image[2];
    public readonly FastDivisor Width = new(Math.Max(1, image[3]));

    /// <summary>H · W.</summary>
    public readonly FastDivisor Plane = new(Math.Max(1, image.Product(2, 4)));

    private readonly int _masked = masked ? 1 : 0;

    /// <summary>N · G.</summary>
    public readonly int Groups = image[0] * sampling.OffsetGroups;

    /// <summary>C.</summary>
    public readonly int Channels = image[1] / sampling.OffsetGroups;

    /// <summary>Parts of C, one thread each.</summary>
    public readonly FastDivisor Blocks = new(Math.Max(1, (image[1] / sampling.OffsetGroups + ChannelsPerThread - 1) / ChannelsPerThread));

    /// <summary>H' · W'.</summary>
    public readonly FastDivisor Positions = new(Math.Max(1, offset.Product(2, 4)));

    /// <summary>T.</summary>
    public readonly FastDivisor Taps = new(sampling.Taps);

    private readonly FastDivisor _columns = new(Math.Max(1, offset[3]));
    private readonly FastDivisor _kernelW = new(sampling.KernelW);
    private readonly int _strideH = sampling.Geometry.StrideH;
    private readonly int _strideW = sampling.Geometry.StrideW;
    private readonly int _dilationH = sampling.Geometry.DilationH;
    private readonly int _dilationW = sampling.Geometry.DilationW;
    private readonly int _padTop = sampling.Geometry.PadTop;
    private readonly int _padLeft = sampling.Geometry.PadLeft;

    /// <summary>Pixels that can lie above and left of a sample in reach: those of the picture, and a row and a column before it.</summary>
    public int Corners => (Height + 1) * (Width.Divisor + 1);

    /// <summary>Elements of the samples of one channel.</summary>
    public int Samples => Taps.Divisor * Positions.Divisor;

    /// <summary>The factor of a sample; one where there is no mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float MaskOf(ArrayView<float> mask, int line, int position)
    {
        float factor = 1;
        if (_masked != 0)
            factor = mask[line * Positions.Divisor + position];
        return factor;
    }

    /// <summary>Stores the gradient of a sample's factor, where there is a mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreMask(ArrayView<float> mask, int line, int position, float value)
    {
        if (_masked != 0)
            mask[line * Positions.Divisor + position] = value;
    }

    /// <summary>Where a moved tap lies.</summary>
    /// <param name="offsets">The offsets.</param>
    /// <param name="line">(n · G + g) · T + tap.</param>
    /// <param name="position">Row and column of the output.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public DeformPlace PlaceOf(ArrayView<float> offsets, int line, int position)
    {
        int tap = line - Taps.Divide(line) * Taps.Divisor;
        int r = _kernelW.Divide(tap);
        int y = _columns.Divide(position);
        float down = offsets[2 * line * Positions.Divisor + position], right = offsets[(2 * line + 1) * Positions.Divisor + position];
        float top = GpuMath.Floor(down), left = GpuMath.Floor(right);
        var place = default(DeformPlace);
        // The place is added to the whole part alone, so that the broken one keeps its bits.
        place.Row = y * _strideH - _padTop + r * _dilationH + Whole(top);
        place.Column = (position - y * _columns.Divisor) * _strideW - _padLeft + (tap - r * _kernelW.Divisor) * _dilationW + Whole(left);
        place.Down = down - top;
        place.Right = right - left;
        return place;
    }

    /// <summary>A pixel of a plane, zero outside. Without a branch: all loads of a thread are then in flight together.</summary>
    /// <param name="image">The image; not empty.</param>
    /// <param name="plane">The plane's first element.</param>
    /// <param name="row">May lie outside.</param>
    /// <param name="column">May lie outside.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Pixel(ArrayView<float> image, int plane, int row, int column)
    {
        bool inside = (uint)row < (uint)Height & (uint)column < (uint)Width.Divisor;
        return Utilities.Select(inside, image[Utilities.Select(inside, plane + row * Width.Divisor + column, 0)], 0f);
    }

    /// <summary>Number of the pixel above and left of a sample among <see cref="Corners"/>, or -1 if the sample sees nothing of the picture.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int CornerOf(DeformPlace place)
    {
        int row = place.Row + 1, column = place.Column + 1;
        bool reaches = (uint)row <= (uint)Height & (uint)column <= (uint)Width.Divisor;
        return Utilities.Select(reaches, row * (Width.Divisor + 1) + column, -1);
    }

    // What is no number stays as near as it was: it shows in the sample.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Whole(float floor)
    {
        float bounded = Utilities.Select(floor > Far, Far, Utilities.Select(floor < -Far, -Far, floor));
        return (int)Utilities.Select(GpuMath.IsNaN(bounded), 0f, bounded);
    }
}

/// <summary>The pixel above and left of a sample, which may lie outside, and how far the sample is from there, in [0, 1).</summary>
internal struct DeformPlace
{
    public int Row;
    public int Column;
    public float Down;
    public float Right;
}
