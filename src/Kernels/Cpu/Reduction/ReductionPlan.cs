using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>How to walk over a tensor that is reduced over a set of axes: neighbouring axes of the same fate are joined, axes of one vanish.</summary>
/// <remarks>What is left is an innermost run of contiguous elements, which either meet in one result or belong to one result each, and
/// outer axes of both kinds.</remarks>
internal sealed class ReductionPlan
{
    // Outer axes from the innermost: extents and strides in elements.
    private readonly List<(int Extent, int Stride)> _kept = [];
    private readonly List<(int Extent, int Stride)> _reduced = [];

    public ReductionPlan(Shape shape, Axes axes)
    {
        RunLength = 1;
        int stride = 1;
        bool? last = null;
        for (int axis = shape.Rank - 1; axis >= 0; axis--)
        {
            int extent = shape[axis];
            if (extent == 1)
                continue;
            bool reduced = axes.Contains(axis);
            if (last is null || (last == reduced && _kept.Count + _reduced.Count == 0))
            {
                RunIsReduced = reduced;
                RunLength *= extent;
            }
            else
            {
                var list = reduced ? _reduced : _kept;
                if (last == reduced)
                    list[^1] = (list[^1].Extent * extent, list[^1].Stride);
                else
                    list.Add((extent, stride));
            }

            last = reduced;
            stride *= extent;
        }

        OuterKept = Product(_kept);
        OuterReduced = Product(_reduced);
    }

    /// <summary>Length of the contiguous run.</summary>
    public int RunLength { get; }

    /// <summary>Whether the elements of a run meet in one result.</summary>
    public bool RunIsReduced { get; }

    /// <summary>Number of results, or of rows of results.</summary>
    public int OuterKept { get; }

    /// <summary>Number of runs that meet in one result or row of results.</summary>
    public int OuterReduced { get; }

    /// <summary>First element of outer result <paramref name="index"/>.</summary>
    public int KeptOffset(int index) => Offset(_kept, index);

    /// <summary>Where run <paramref name="index"/> of a result lies relative to the first.</summary>
    public int ReducedOffset(int index) => Offset(_reduced, index);

    private static int Offset(List<(int Extent, int Stride)> axes, int index)
    {
        int offset = 0;
        foreach (var (extent, stride) in axes)
        {
            offset += index % extent * stride;
            index /= extent;
        }

        return offset;
    }

    private static int Product(List<(int Extent, int Stride)> axes)
    {
        int product = 1;
        foreach (var (extent, _) in axes)
            product *= extent;
        return product;
    }
}
