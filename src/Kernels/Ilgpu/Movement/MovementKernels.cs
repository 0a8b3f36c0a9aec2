using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Another order of axes.</summary>
internal sealed class PermuteIlgpuKernel(GpuQueue queue) : IlgpuKernel<PermuteOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => Gather.Kernels;

    protected override bool Supports(PermuteOp op, ReadOnlySpan<TensorSpec> inputs)
    {
        var y = op.Infer(inputs)[0].Shape;
        return Gather.Supports(y.ToArray(), Strides(op, inputs[0].Shape), AxisMerge.Strides(y, y.Rank));
    }

    protected override void Run(PermuteOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var y = outputs[0];
        Gather.Launch(Queue, inputs[0], Strides(op, inputs[0].Shape), 0, y, AxisMerge.Strides(y.Shape, y.Shape.Rank), 0, y.Shape.ToArray());
    }

    private static int[] Strides(PermuteOp op, Shape x)
    {
        var own = AxisMerge.Strides(x, x.Rank);
        return [.. op.Permutation.Select(axis => own[axis])];
    }
}

/// <summary>Repetition along axes of extent one.</summary>
internal sealed class BroadcastToIlgpuKernel(GpuQueue queue) : IlgpuKernel<BroadcastToOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => Gather.Kernels;

    protected override bool Supports(BroadcastToOp op, ReadOnlySpan<TensorSpec> inputs) =>
        Gather.Supports(op.Shape.ToArray(), AxisMerge.Strides(inputs[0].Shape, op.Shape.Rank), AxisMerge.Strides(op.Shape, op.Shape.Rank));

    protected override void Run(BroadcastToOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) => Gather.Launch(
        Queue, inputs[0], AxisMerge.Strides(inputs[0].Shape, op.Shape.Rank), 0, outputs[0], AxisMerge.Strides(op.Shape, op.Shape.Rank), 0, op.Shape.ToArray());
}

/// <summary>A range of positions along one axis: three axes suffice, outside, along and inside.</summary>
internal sealed class SliceIlgpuKernel(GpuQueue queue) : IlgpuKernel<SliceOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => Gather.Kernels;

    protected override bool Supports(SliceOp op, ReadOnlySpan<TensorSpec> inputs) => true;

    protected override void Run(SliceOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var x = inputs[0].Shape;
        int outer = x.Product(0, op.Axis), inner = x.Product(op.Axis + 1, x.Rank);
        Gather.Launch(
            Queue, inputs[0], [x[op.Axis] * inner, inner, 1], op.Start * inner, outputs[0], [op.Length * inner, inner, 1], 0, [outer, op.Length, inner]);
    }
}

/// <summary>Tensors one behind the other along an axis: one launch each.</summary>
internal sealed class ConcatIlgpuKernel(GpuQueue queue) : IlgpuKernel<ConcatOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => Gather.Kernels;

    protected override bool Supports(ConcatOp op, ReadOnlySpan<TensorSpec> inputs) => true;

    protected override void Run(ConcatOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var y = outputs[0].Shape;
        int outer = y.Product(0, op.Axis), inner = y.Product(op.Axis + 1, y.Rank), start = 0;
        foreach (var input in inputs)
        {
            int length = input.Shape[op.Axis];
            Gather.Launch(
                Queue, input, [length * inner, inner, 1], 0, outputs[0], [y[op.Axis] * inner, inner, 1], start * inner, [outer, length, inner]);
            start += length;
        }
    }
}
