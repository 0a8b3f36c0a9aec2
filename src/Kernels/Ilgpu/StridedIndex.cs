using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Finds where an element of a row-major array lies in an array of other strides. Up to eight axes after merging.</summary>
/// <remarks>Named fields instead of an array, so that they live in the kernel's parameters. Unused axes have divisor one and stride zero.</remarks>
internal readonly struct StridedIndex
{
    public const int MaxAxes = 8;

    private readonly int _axes;
    private readonly int _stride0, _stride1, _stride2, _stride3, _stride4, _stride5, _stride6, _stride7;
    private readonly FastDivisor _extent1, _extent2, _extent3, _extent4, _extent5, _extent6, _extent7;

    /// <param name="extents">Extents, outermost first, at most <see cref="MaxAxes"/>.</param>
    /// <param name="strides">Where one step along each axis leads.</param>
    public StridedIndex(ReadOnlySpan<int> extents, ReadOnlySpan<int> strides)
    {
        // Axis 0 of this struct is the outermost in use.
        _axes = Math.Max(1, extents.Length);
        Span<int> e = stackalloc int[MaxAxes];
        Span<int> s = stackalloc int[MaxAxes];
        e.Fill(1);
        s.Clear();
        for (int i = 0; i < extents.Length; i++)
        {
            // Counted from the innermost, which every index has.
            e[i] = Math.Max(1, extents[extents.Length - 1 - i]);
            s[i] = strides[extents.Length - 1 - i];
        }

        (_stride0, _stride1, _stride2, _stride3) = (s[0], s[1], s[2], s[3]);
        (_stride4, _stride5, _stride6, _stride7) = (s[4], s[5], s[6], s[7]);
        (_extent1, _extent2, _extent3) = (new(e[0]), new(e[1]), new(e[2]));
        (_extent4, _extent5, _extent6, _extent7) = (new(e[3]), new(e[4]), new(e[5]), new(e[6]));
    }

    /// <summary>The offset of element <paramref name="index"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Offset(int index)
    {
        // The number of axes is the same for all threads: these branches do not diverge.
        if (_axes == 1)
            return index * _stride0;
        int offset = 0;
        index = Step(index, _extent1, _stride0, ref offset);
        if (_axes > 2)
            index = Step(index, _extent2, _stride1, ref offset);
        if (_axes > 3)
            index = Step(index, _extent3, _stride2, ref offset);
        if (_axes > 4)
            index = Step(index, _extent4, _stride3, ref offset);
        if (_axes > 5)
            index = Step(index, _extent5, _stride4, ref offset);
        if (_axes > 6)
            index = Step(index, _extent6, _stride5, ref offset);
        if (_axes > 7)
            index = Step(index, _extent7, _stride6, ref offset);
        return offset + index * LastStride();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Step(int index, FastDivisor extent, int stride, ref int offset)
    {
        int outer = extent.Divide(index);
        offset += (index - outer * extent.Divisor) * stride;
        return outer;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int LastStride() =>
        _axes == 2 ? _stride1 : _axes == 3 ? _stride2 : _axes == 4 ? _stride3 : _axes == 5 ? _stride4 : _axes == 6 ? _stride5 : _axes == 7 ? _stride6 : _stride7;
}
