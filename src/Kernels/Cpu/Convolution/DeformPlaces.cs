using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Where every moved tap lies in a <see cref="DeformBlock{TLanes}"/>: the pixel above and left of it, how far it is from there, and
/// its mask. One table for each sample and offset group, shared by all channels that move together.</summary>
internal readonly unsafe struct DeformPlaces : IDisposable
{
    private const int Grain = 4096;

    private readonly PooledFloats _memory;
    private readonly long _count;

    /// <summary>Fills the table.</summary>
    public DeformPlaces(DeformSampling sampling, Tensor offset, Tensor? mask, int height, int width)
    {
        int rows = offset.Shape[2], columns = offset.Shape[3], positions = rows * columns, taps = sampling.Taps;
        Samples = taps * positions;
        _count = (long)offset.Shape[0] * sampling.OffsetGroups * Samples;
        _memory = new PooledFloats(offset, 4 * _count);
        var target = this;
        float* offsets = offset.Floats, masks = mask is null ? null : mask.Floats;
        ParallelRows.ForRanges(offset.Shape[0] * sampling.OffsetGroups * taps, Math.Max(1, Grain / Math.Max(1, positions)), (from, to) =>
        {
            for (int i = from; i < to; i++)
            {
                var (row, column) = sampling.Corner(i % taps);
                float* dy = offsets + 2L * i * positions, dx = dy + positions;
                long first = (long)i * positions;
                for (int p = 0; p < positions; p++)
                {
                    int y = Split(dy[p], row + p / columns * sampling.Geometry.StrideH, height, out target.Down[first + p]);
                    int x = Split(dx[p], column + p % columns * sampling.Geometry.StrideW, width, out target.Right[first + p]);
                    target.Pixels[first + p] = DeformBlock.Pixel(y, x, width);
                    target.Mask[first + p] = masks is null ? 1 : masks[first + p];
                }
            }
        });
    }

    /// <summary>Taps times positions: entries for each sample and offset group.</summary>
    public int Samples { get; }

    /// <summary>The pixel above and left of the tap.</summary>
    public int* Pixels => (int*)_memory.Pointer;

    /// <summary>How far below that pixel the tap lies, in [0, 1).</summary>
    public float* Down => _memory.Pointer + _count;

    /// <summary>How far to the right of it.</summary>
    public float* Right => _memory.Pointer + 2 * _count;

    /// <summary>The factor of the sample.</summary>
    public float* Mask => _memory.Pointer + 3 * _count;

    public void Dispose() => _memory.Dispose();

    /// <summary>Whole and broken part. The place is added to the whole part alone, so that the broken one keeps its bits; what lies out of
    /// reach ends in the border of zeros.</summary>
    private static int Split(float offset, int place, int extent, out float share)
    {
        float floor = MathF.Floor(offset);
        share = offset - floor;
        const int Far = 1 << 24;
        return Math.Clamp(place + (int)Math.Clamp(floor, -Far, Far), -DeformBlock.Border, extent);
    }
}
