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
internal sealed class Gemm<TA, TARow, TADepth, TB, TBRow, TBDepth, TC>(string name)
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
    public IEnumerable<GpuKernel> Kernels => [_direct, _tile64, _tile128];

    /// <summary>Launches the product with the variant and the splits of a plan.</summary>
    public void Launch(GpuQueue queue, in GemmPlan plan, TA a, TB b, TC c)
    {
        int side = plan.Variant == GemmVariant.Tile128 ? Tile128.Side : Tile64.Side;
        int z = plan.Batch * plan.Depth.Splits;
        switch (plan.Variant)
        {
            case GemmVariant.Direct:
                int group = queue.GroupSize;
                queue.Launch(_direct, (new Index3D(Ceiling(plan.Columns, group), Ceiling(plan.Rows, DirectKernel.RowsPerThread), z), new Index3D(group, 1, 1)), a, b, c, plan.Depth);
                break;
            case GemmVariant.Tile128:
                queue.Launch(_tile128, (new Index3D(Ceiling(plan.Columns, side), Ceiling(plan.Rows, side), z), new Index3D(Tile128.Threads, 1, 1)), a, b, c, plan.Depth);
                break;
            default:
                queue.Launch(_tile64, (new Index3D(Ceiling(plan.Columns, side), Ceiling(plan.Rows, side), z), new Index3D(Tile64.Threads, 1, 1)), a, b, c, plan.Depth);
                break;
        }
    }

    private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;
}
