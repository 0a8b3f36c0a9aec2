using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Combines the elements of an array along some of its axes.</summary>
/// <remarks>Every result lies at a base offset (over the kept axes) plus an offset for each term (over the reduced axes), so that one kernel
/// serves every pattern of axes. Long reductions are cut into parts by shape alone; a second launch combines the parts.</remarks>
/// <typeparam name="TReduction">How.</typeparam>
internal static class ReductionKernel<TReduction>
    where TReduction : unmanaged, IReduction
{
    /// <summary>Terms that one group, or one thread, combines at most.</summary>
    private const int MaxTerms = 4096;

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, StridedIndex, StridedIndex, ReductionShape>> ByGroup =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, StridedIndex, StridedIndex, ReductionShape>(
            $"reduce.{GpuKernel.NameOf<TReduction>()}.by-group", GpuQueue.MaxGroup, ByGroupBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, StridedIndex, StridedIndex, ReductionShape>> ByWarp =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, StridedIndex, StridedIndex, ReductionShape>(
            $"reduce.{GpuKernel.NameOf<TReduction>()}.by-warp", GpuQueue.MaxGroup, ByWarpBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, StridedIndex, StridedIndex, ReductionShape>> ByThread =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, StridedIndex, StridedIndex, ReductionShape>(
            $"reduce.{GpuKernel.NameOf<TReduction>()}.by-thread", GpuQueue.MaxGroup, ByThreadBody);

    /// <summary>All three.</summary>
    public static IEnumerable<GpuKernel> Kernels => [ByGroup, ByWarp, ByThread];

    /// <summary>Extents of one launch: result r and part p go to p · Results + r, times the factor.</summary>
    internal readonly struct ReductionShape(int results, int terms, int termsPerPart, int parts, float factor)
    {
        public readonly int Results = results;
        public readonly int Terms = terms;
        public readonly int TermsPerPart = termsPerPart;
        public readonly int Parts = parts;
        public readonly float Factor = factor;
    }

    /// <summary>Whether the axes, joined, are few enough.</summary>
    public static bool Supports(Shape shape, Axes axes)
    {
        Split(shape, axes, out var kept, out var reduced);
        return kept.Extents.Length <= StridedIndex.MaxAxes && reduced.Extents.Length <= StridedIndex.MaxAxes;
    }

    /// <summary>Reduces <paramref name="x"/> of the given shape over <paramref name="axes"/> and multiplies the results by <paramref name="factor"/>.</summary>
    public static void Launch(GpuQueue queue, ArrayView<float> x, Shape shape, Axes axes, ArrayView<float> y, float factor = 1)
    {
        Split(shape, axes, out var kept, out var reduced);
        int results = Product(kept.Extents), terms = Product(reduced.Extents);
        var bases = new StridedIndex(kept.Extents, kept.Strides);
        var steps = new StridedIndex(reduced.Extents, reduced.Strides);
        // The innermost axis decides who reads neighbouring elements: threads of one result, or threads of neighbouring results.
        bool innerReduced = reduced.Strides.Length > 0 && (kept.Strides.Length == 0 || reduced.Strides[^1] < kept.Strides[^1]);
        int perPart = terms <= MaxTerms ? Math.Max(terms, 1) : innerReduced ? MaxTerms : MaxTerms / 8;
        int parts = Math.Max(1, (terms + perPart - 1) / perPart);
        if (parts == 1)
        {
            Launch(queue, innerReduced, x, y, bases, steps, new ReductionShape(results, terms, perPart, 1, factor));
            return;
        }

        using var partial = new Workspace(queue, (long)results * parts);
        Launch(queue, innerReduced, x, partial.Floats, bases, steps, new ReductionShape(results, terms, perPart, parts, 1));
        Launch(queue, partial.Floats, [parts, results], [0], y, factor);
    }

    /// <summary>Mapping: one group a part of a result; its threads take terms in turn, then combine by warp shuffles. Coalesced where the
    /// innermost axis is reduced; bound by memory.</summary>
    public static void ByGroupBody(ArrayView<float> x, ArrayView<float> y, StridedIndex bases, StridedIndex steps, ReductionShape shape)
    {
        for (int item = Grid.IdxX; item < shape.Results * shape.Parts; item += Grid.DimX)
        {
            int part = item / shape.Results;
            int result = item - part * shape.Results;
            int end = IntrinsicMath.Min((part + 1) * shape.TermsPerPart, shape.Terms);
            int first = bases.Offset(result);
            float value = TReduction.Identity;
            for (int term = part * shape.TermsPerPart + Group.IdxX; term < end; term += Group.DimX)
                value = TReduction.Combine(value, x[first + steps.Offset(term)]);
            value = GroupReduction.Combine<TReduction>(value);
            if (Group.IdxX == 0)
                y[item] = value * shape.Factor;
        }
    }

    /// <summary>Mapping: one warp a part of a result, for reductions too short for a whole group.</summary>
    public static void ByWarpBody(ArrayView<float> x, ArrayView<float> y, StridedIndex bases, StridedIndex steps, ReductionShape shape)
    {
        int warpsPerGroup = Group.DimX / Warp.WarpSize;
        int items = shape.Results * shape.Parts;
        int stride = Grid.DimX * warpsPerGroup;
        // All lanes of a warp leave the loop together: the item is the same for all of them.
        for (int item = Grid.IdxX * warpsPerGroup + Group.IdxX / Warp.WarpSize; item < items; item += stride)
        {
            int part = item / shape.Results;
            int result = item - part * shape.Results;
            int end = IntrinsicMath.Min((part + 1) * shape.TermsPerPart, shape.Terms);
            int first = bases.Offset(result);
            float value = TReduction.Identity;
            for (int term = part * shape.TermsPerPart + Warp.LaneIdx; term < end; term += Warp.WarpSize)
                value = TReduction.Combine(value, x[first + steps.Offset(term)]);
            value = GroupReduction.CombineWarp<TReduction>(value);
            if (Warp.IsFirstLane)
                y[item] = value * shape.Factor;
        }
    }

    /// <summary>Mapping: one thread a part of a result; neighbouring threads read neighbouring results. Coalesced where the innermost axis is
    /// kept; bound by memory.</summary>
    public static void ByThreadBody(ArrayView<float> x, ArrayView<float> y, StridedIndex bases, StridedIndex steps, ReductionShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int item = Grid.GlobalIndex.X; item < shape.Results * shape.Parts; item += stride)
        {
            int part = item / shape.Results;
            int result = item - part * shape.Results;
            int end = IntrinsicMath.Min((part + 1) * shape.TermsPerPart, shape.Terms);
            int first = bases.Offset(result);
            float value = TReduction.Identity;
            for (int term = part * shape.TermsPerPart; term < end; term++)
                value = TReduction.Combine(value, x[first + steps.Offset(term)]);
            y[item] = value * shape.Factor;
        }
    }

    private static void Launch(GpuQueue queue, bool innerReduced, ArrayView<float> x, ArrayView<float> y, StridedIndex bases, StridedIndex steps, ReductionShape shape)
    {
        long items = (long)shape.Results * shape.Parts;
        int group = queue.GroupSize;
        if (!innerReduced || shape.TermsPerPart <= 8)
            queue.Launch(ByThread, queue.Over(items, 1), x, y, bases, steps, shape);
        else if (shape.TermsPerPart <= 512)
            queue.Launch(ByWarp, queue.OverWarps(items), x, y, bases, steps, shape);
        else
            queue.Launch(ByGroup, (queue.Groups(items, 1), group), x, y, bases, steps, shape);
    }

    private static void Split(Shape shape, Axes axes, out (int[] Extents, int[] Strides) kept, out (int[] Extents, int[] Strides) reduced)
    {
        var strides = AxisMerge.Strides(shape, shape.Rank);
        kept = Pick(shape, strides, axis => !axes.Contains(axis));
        reduced = Pick(shape, strides, axes.Contains);
    }

    private static (int[] Extents, int[] Strides) Pick(Shape shape, int[] strides, Func<int, bool> which)
    {
        var chosen = Enumerable.Range(0, shape.Rank).Where(which).ToArray();
        int[][] picked = [Array.ConvertAll(chosen, axis => strides[axis])];
        var extents = AxisMerge.Merge(Array.ConvertAll(chosen, axis => shape[axis]), picked);
        return (extents, picked[0]);
    }

    private static int Product(int[] extents) => extents.Aggregate(1, (product, extent) => product * extent);
}
