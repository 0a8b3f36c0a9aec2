using ILGPU;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>The kernels of one kind of product, and the choice among them.</summary>
/// <typeparam name="TA">Left factor.</typeparam>
/// <typeparam name="TARow">Its row.</typeparam>
/// <typeparam name="TADepth">Its depth.</typeparam>
/// <typeparam name="TB">Right factor.</typeparam>
/// <typeparam name="TBRow">Its row.</typeparam>
/// <typeparam name="TBDepth">Its depth.</typeparam>
/// <typeparam name="TC">Result.</typeparam>
/// <param name="name">Family and operation, in the names of the kernels.</param>
/// <param name="tensorCores">The same product on tensor cores.</param>
internal sealed class Gemm<TA, TARow, TADepth, TB, TBRow, TBDepth, TC>(string name, TensorProduct<TB, TC> tensorCores)
    where TA : struct, IGemmOperand<TARow, TADepth>
    where TARow : unmanaged
    where TADepth : unmanaged
    where TB : struct, IGemmOperand<TBRow, TBDepth>
    where TBRow : unmanaged
    where TBDepth : unmanaged
    where TC : struct, IGemmOutput
{
    private readonly GpuKernel<Action<AcceleratorStream, KernelConfig, TA, TB, TC, GemmDepth>> _direct = GpuKernel.Define<TA, TB, TC, GemmDepth>(
        $"{name}.direct", GpuQueue.MaxGroup, DirectKernel.Run<TA, TARow, TADepth, TB, TBRow, TBDepth, TC>);

    private readonly GpuKernel<Action<AcceleratorStream, KernelConfig, TA, TB, TC, GemmDepth>> _tile64 = GpuKernel.Define<TA, TB, TC, GemmDepth>(
        $"{name}.tile64", Tile64.Threads, GemmKernel.Run<Tile64, TA, TARow, TADepth, TB, TBRow, TBDepth, TC>);

    private readonly GpuKernel<Action<AcceleratorStream, KernelConfig, TA, TB, TC, GemmDepth>> _tile128 = GpuKernel.Define<TA, TB, TC, GemmDepth>(
        $"{name}.tile128", Tile128.Threads, GemmKernel.Run<Tile128, TA, TARow, TADepth, TB, TBRow, TBDepth, TC>);

    /// <summary>The kernels.</summary>
    public IEnumerable<GpuKernel> Kernels => [_direct, _tile64, _tile128, .. tensorCores.Kernels, .. TensorPack<TA, TARow, TADepth>.Kernels];

    /// <summary>Launches the product with the variant and the splits of a plan.</summary>
    /// <returns>Whether it was computed by tiles, and so the sums of its rows too where they are wanted.</returns>
    public bool Launch(GpuQueue queue, in GemmPlan plan, TA a, TB b, TC c)
    {
        var variant = Choose(queue, plan, a, b, c);
        Launch(queue, plan, variant, a, b, c);
        return variant != GemmVariant.Direct;
    }

    /// <summary>The plan's variant if it is forced or nothing better is known, else the measured one; measures if that is wished.</summary>
    private GemmVariant Choose(GpuQueue queue, in GemmPlan plan, TA a, TB b, TC c)
    {
        if (plan.IsForced || plan.Depth.Depth == 0)
            return plan.Variant;
        var key = new GemmKey(name, plan.Rows, plan.Columns, plan.Depth.Depth, plan.Batch, plan.Precision);
        if (queue.Tuner.Find(key) is { } known)
            return known;
        if (!queue.Tuner.Tuning || !queue.CanMeasure)
            return plan.Variant;
        return Measure(queue, key, plan, a, b, c);
    }

    // Apart, since what it hands to the tuner would be allocated at each launch.
    private GemmVariant Measure(GpuQueue queue, GemmKey key, GemmPlan plan, TA a, TB b, TC c) =>
        queue.Tuner.Measure(key, queue, Candidates(queue, plan), variant => Launch(queue, plan, variant, a, b, c));

    private IEnumerable<GemmVariant> Candidates(GpuQueue queue, GemmPlan plan)
    {
        bool large = queue.Accelerator.MaxNumThreadsPerGroup >= Tile128.Threads;
        // Many rows make the direct kernel read the right factor over and over.
        if (plan.Rows <= 64)
            yield return GemmVariant.Direct;
        yield return GemmVariant.Tile64;
        if (large)
            yield return GemmVariant.Tile128;
        if (plan.Precision == GpuPrecision.F32 || !queue.HasTensorCores || !plan.FitsTensorCores)
            yield break;
        yield return GemmVariant.Tensor64;
        if (large)
            yield return GemmVariant.Tensor128;
    }

    private void Launch(GpuQueue queue, in GemmPlan plan, GemmVariant variant, TA a, TB b, TC c)
    {
        // A variant may be forced, or be known from a product of the same extents.
        if (!plan.FitsTensorCores && variant is GemmVariant.Tensor64 or GemmVariant.Tensor128)
            variant = variant == GemmVariant.Tensor64 ? GemmVariant.Tile64 : GemmVariant.Tile128;
        switch (variant)
        {
            case GemmVariant.Direct:
                int group = queue.GroupSize;
                queue.Launch(_direct, (new Index3D(Ceiling(plan.Columns, group), Ceiling(plan.Rows, DirectKernel.RowsPerThread), plan.Batch * plan.Depth.Splits), new Index3D(group, 1, 1)), a, b, c, plan.Depth);
                break;
            case GemmVariant.Tile128:
                queue.Launch(_tile128, (plan.Tiles(Tile128.Side), new Index3D(Tile128.Threads, 1, 1)), a, b, c, plan.Depth);
                break;
            case GemmVariant.Tensor64 or GemmVariant.Tensor128:
                using (var left = TensorPack<TA, TARow, TADepth>.Pack(queue, plan, a, plan.Rows))
                    tensorCores.Launch(queue, plan, variant == GemmVariant.Tensor128, left.Rows, b, c);
                break;
            default:
                queue.Launch(_tile64, (plan.Tiles(Tile64.Side), new Index3D(Tile64.Threads, 1, 1)), a, b, c, plan.Depth);
                break;
        }
    }

    private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;
}
