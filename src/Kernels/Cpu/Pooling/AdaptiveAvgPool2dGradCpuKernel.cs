using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Spreads each upstream gradient over its bin; each plane belongs to one thread.</summary>
internal sealed unsafe class AdaptiveAvgPool2dGradCpuKernel : Kernel<AdaptiveAvgPool2dGradOp>
{
    protected override bool Supports(AdaptiveAvgPool2dGradOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(AdaptiveAvgPool2dGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var (dy, dx) = (inputs[0].Shape, outputs[0].Shape);
        int height = dx[2], width = dx[3], inputPlane = height * width;
        float* upstream = inputs[0].Floats, target = outputs[0].Floats;
        ParallelRows.ForRanges(dx.Product(0, 2), PoolTaps.PlanesPerPiece(inputPlane), (from, to) =>
        {
            float* share = ThreadScratch.Floats(ThreadScratch.Use.Rows, width);
            new Span<float>(target + (nint)from * inputPlane, (to - from) * inputPlane).Clear();
            for (int plane = from; plane < to; plane++)
            {
                for (int oy = 0; oy < dy[2]; oy++)
                {
                    var rows = AdaptiveAvgPool2dOp.Bin(oy, dy[2], height);
                    new Span<float>(share, width).Clear();
                    for (int ox = 0; ox < dy[3]; ox++)
                    {
                        var columns = AdaptiveAvgPool2dOp.Bin(ox, dy[3], width);
                        float part = upstream[((nint)plane * dy[2] + oy) * dy[3] + ox] / ((rows.To - rows.From) * (columns.To - columns.From));
                        for (int c = columns.From; c < columns.To; c++)
                            share[c] += part;
                    }

                    for (int r = rows.From; r < rows.To; r++)
                        RowSums.Add(share, 1, target + ((nint)plane * height + r) * width, width);
                }
            }
        });
    }
}
