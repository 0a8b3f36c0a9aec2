using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A range of positions along one axis, for any element type: one copy per outer position.</summary>
internal sealed unsafe class SliceCpuKernel : Kernel<SliceOp>
{
    protected override bool Supports(SliceOp op, ReadOnlySpan<TensorSpec> inputs) => true;

    protected override void Run(SliceOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = inputs[0].Shape;
        long position = (long)shape.Product(op.Axis + 1, shape.Rank) * inputs[0].DType.ByteSize;
        RowCopy.Run(inputs[0].Bytes + op.Start * position, shape[op.Axis] * position, outputs[0].Bytes, op.Length * position,
            op.Length * position, shape.Product(0, op.Axis));
    }
}
