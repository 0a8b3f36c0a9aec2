using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Tensors one after the other along one axis, for any element type: one copy per input and outer position.</summary>
internal sealed unsafe class ConcatCpuKernel : Kernel<ConcatOp>
{
    protected override bool Supports(ConcatOp op, ReadOnlySpan<TensorSpec> inputs) => true;

    protected override void Run(ConcatOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = outputs[0].Shape;
        int outer = shape.Product(0, op.Axis);
        long position = (long)shape.Product(op.Axis + 1, shape.Rank) * outputs[0].DType.ByteSize;
        byte* destination = outputs[0].Bytes;
        foreach (var input in inputs)
        {
            long row = input.Shape[op.Axis] * position;
            RowCopy.Run(input.Bytes, row, destination, shape[op.Axis] * position, row, outer);
            destination += row;
        }
    }
}
