using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Position of the largest element along an axis; NaN is larger than any number.</summary>
/// <remarks>Mapping: one thread a result, striding over the grid; each walks the axis from its start, so the first of equals is found first.</remarks>
internal sealed class ArgMaxIlgpuKernel(GpuQueue queue) : IlgpuKernel<ArgMaxOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<long>, int, int, int>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<long>, int, int, int>("arg-max", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> x, ArrayView<long> y, int extent, int inner, int selectLast)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = y.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int first = i / inner * extent * inner + i % inner;
            float champion = x[first];
            int best = 0;
            for (int k = 1; k < extent; k++)
            {
                float candidate = x[first + k * inner];
                bool isNaN = GpuMath.IsNaN(candidate), wasNaN = GpuMath.IsNaN(champion);
                bool better = candidate > champion || (isNaN && !wasNaN);
                bool tie = candidate == champion || (isNaN && wasNaN);
                if (better || (tie && selectLast != 0))
                {
                    champion = candidate;
                    best = k;
                }
            }

            y[i] = best;
        }
    }

    protected override void Run(ArgMaxOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = inputs[0].Shape;
        Queue.Launch(
            Kernel, Queue.Over(outputs[0].Spec.ElementCount, 1), inputs[0].Floats, outputs[0].Elements<long>(),
            shape[op.Axis], shape.Product(op.Axis + 1, shape.Rank), op.SelectLast ? 1 : 0);
    }
}
