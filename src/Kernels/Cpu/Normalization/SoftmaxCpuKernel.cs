using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Softmax by <see cref="SoftmaxLoops{TLanes}"/>: rows where the classes are contiguous, else columns.</summary>
internal sealed unsafe class SoftmaxCpuKernel<TLanes> : LanesKernel<SoftmaxOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    protected override void Run(SoftmaxOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = inputs[0].Shape;
        int outer = shape.Product(0, op.Axis), classes = shape[op.Axis], inner = shape.Product(op.Axis + 1, shape.Rank);
        float* x = inputs[0].Floats, y = outputs[0].Floats;
        ParallelRows.ForRanges(outer, RowsPerChunk((long)classes * inner), (from, to) =>
        {
            for (long row = from; row < to; row++)
            {
                long offset = row * classes * inner;
                if (inner == 1)
                    SoftmaxLoops<TLanes>.Row(x + offset, y + offset, classes, logarithm: false);
                else
                    SoftmaxLoops<TLanes>.Columns(x + offset, inner, y + offset, inner, classes, inner, logarithm: false);
            }
        });
    }
}
