using ILGPU;
using ILGPU.Runtime;
using ILGPU.Util;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>y[i] = condition[i] ≠ 0 ? chosen[i] : otherwise[i] with broadcasting.</summary>
/// <remarks>Mapping: one thread an element, striding over the grid. Both values are loaded; bound by memory.</remarks>
internal sealed class WhereIlgpuKernel(GpuQueue queue) : IlgpuKernel<WhereOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, Operands, StridedIndex, StridedIndex, StridedIndex, ArrayView<float>, int>> Kernel =
        GpuKernel.Define<Operands, StridedIndex, StridedIndex, StridedIndex, ArrayView<float>, int>("where", GpuQueue.MaxGroup, Body);

    /// <summary>The three inputs.</summary>
    internal readonly struct Operands(ArrayView<float> condition, ArrayView<float> chosen, ArrayView<float> otherwise)
    {
        public readonly ArrayView<float> Condition = condition;
        public readonly ArrayView<float> Chosen = chosen;
        public readonly ArrayView<float> Otherwise = otherwise;
    }

    public static void Body(Operands x, StridedIndex condition, StridedIndex chosen, StridedIndex otherwise, ArrayView<float> y, int count)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
            y[i] = Utilities.Select(x.Condition[condition.Offset(i)] != 0, x.Chosen[chosen.Offset(i)], x.Otherwise[otherwise.Offset(i)]);
    }

    protected override bool Supports(WhereOp op, ReadOnlySpan<TensorSpec> inputs) =>
        base.Supports(op, inputs) && Merged(op.Infer(inputs)[0].Shape, inputs[0].Shape, inputs[1].Shape, inputs[2].Shape, out _).Length <= StridedIndex.MaxAxes;

    protected override void Run(WhereOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var y = outputs[0];
        var extents = Merged(y.Shape, inputs[0].Shape, inputs[1].Shape, inputs[2].Shape, out int[][] strides);
        Queue.Launch(
            Kernel, Queue.Over(y.Spec.ElementCount, 1), new Operands(inputs[0].Floats, inputs[1].Floats, inputs[2].Floats),
            new StridedIndex(extents, strides[0]), new StridedIndex(extents, strides[1]), new StridedIndex(extents, strides[2]), y.Floats, y.Spec.ElementCount);
    }

    private static int[] Merged(Shape y, Shape a, Shape b, Shape c, out int[][] strides)
    {
        strides = [AxisMerge.Strides(a, y.Rank), AxisMerge.Strides(b, y.Rank), AxisMerge.Strides(c, y.Rank)];
        return AxisMerge.Merge(y.Extents, strides);
    }
}
