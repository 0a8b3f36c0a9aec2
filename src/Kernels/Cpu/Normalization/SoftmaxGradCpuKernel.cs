using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Gradient of the softmax by <see cref="SoftmaxLoops{TLanes}"/>.</summary>
internal sealed unsafe class SoftmaxGradCpuKernel<TLanes> : LanesKernel<SoftmaxGradOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    protected override void Run(SoftmaxGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = inputs[0].Shape;
        int outer = shape.Product(0, op.Axis), classes = shape[op.Axis], inner = shape.Product(op.Axis + 1, shape.Rank);
        float* y = inputs[0].Floats, g = inputs[1].Floats, dx = outputs[0].Floats;
        ParallelRows.ForRanges(outer, RowsPerChunk((long)classes * inner), (from, to) =>
        {
            for (long row = from; row < to; row++)
            {
                long offset = row * classes * inner;
                if (inner == 1)
                    SoftmaxLoops<TLanes>.RowGradient(y + offset, g + offset, dx + offset, classes);
                else
                    SoftmaxLoops<TLanes>.ColumnGradients(y + offset, g + offset, inner, dx + offset, inner, classes, inner);
            }
        });
    }
}
