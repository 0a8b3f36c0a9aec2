using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Mean over bins: the rows of a bin are added up as vectors, then the columns.</summary>
internal sealed unsafe class AdaptiveAvgPool2dCpuKernel : Kernel<AdaptiveAvgPool2dOp>
{
    protected override bool Supports(AdaptiveAvgPool2dOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(AdaptiveAvgPool2dOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var (x, y) = (inputs[0].Shape, outputs[0].Shape);
        int height = x[2], width = x[3];
        float* source = inputs[0].Floats, target = outputs[0].Floats;
        ParallelRows.ForRanges(x.Product(0, 2), PoolTaps.PlanesPerPiece(height * width), (from, to) =>
        {
            float* sums = ThreadScratch.Floats(ThreadScratch.Use.Rows, width);
            for (int plane = from; plane < to; plane++)
            {
                for (int oy = 0; oy < y[2]; oy++)
                {
                    var rows = AdaptiveAvgPool2dOp.Bin(oy, y[2], height);
                    new Span<float>(sums, width).Clear();
                    for (int r = rows.From; r < rows.To; r++)
                        RowSums.Add(source + ((nint)plane * height + r) * width, 1, sums, width);
                    for (int ox = 0; ox < y[3]; ox++)
                    {
                        var columns = AdaptiveAvgPool2dOp.Bin(ox, y[3], width);
                        float sum = 0;
                        for (int c = columns.From; c < columns.To; c++)
                            sum += sums[c];
                        target[((nint)plane * y[2] + oy) * y[3] + ox] = sum / ((rows.To - rows.From) * (columns.To - columns.From));
                    }
                }
            }
        });
    }
}
