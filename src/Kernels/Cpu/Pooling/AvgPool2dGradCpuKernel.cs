using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Spreads each upstream gradient over its window; each plane belongs to one thread.</summary>
internal sealed unsafe class AvgPool2dGradCpuKernel : Kernel<AvgPool2dGradOp>
{
    protected override bool Supports(AvgPool2dGradOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(AvgPool2dGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var g = op.Geometry;
        var (dy, dx) = (inputs[0], outputs[0]);
        var divisors = new AvgPoolDivisors(g, op.CountPadding, op.DivisorOverride, dx.Shape, dy.Shape);
        int height = dy.Shape[2], width = dy.Shape[3], inputWidth = dx.Shape[3];
        int outputPlane = height * width, inputPlane = dx.Shape.Product(2, 4);
        var rows = new (int From, int To)[height];
        for (int y = 0; y < height; y++)
            (rows[y].From, rows[y].To, _) = AvgPool2dOp.Window(y, op.InputHeight, g.KernelH, g.StrideH, g.PadTop, g.PadBottom);
        var columns = new (int From, int To)[width];
        for (int x = 0; x < width; x++)
            (columns[x].From, columns[x].To, _) = AvgPool2dOp.Window(x, inputWidth, g.KernelW, g.StrideW, g.PadLeft, g.PadRight);

        float* upstream = dy.Floats, target = dx.Floats;
        ParallelRows.ForRanges(dx.Shape.Product(0, 2), PoolTaps.PlanesPerPiece(inputPlane), (from, to) =>
        {
            // What one row of windows gives to each of the image rows under it.
            float* share = ThreadScratch.Floats(ThreadScratch.Use.Rows, inputWidth);
            new Span<float>(target + (nint)from * inputPlane, (to - from) * inputPlane).Clear();
            for (int plane = from; plane < to; plane++)
            {
                for (int y = 0; y < height; y++)
                {
                    float* gradient = upstream + (nint)plane * outputPlane + y * width;
                    new Span<float>(share, inputWidth).Clear();
                    for (int x = 0; x < width; x++)
                    {
                        float part = gradient[x] / (divisors.Rows[y] * divisors.Columns[x]);
                        for (int c = columns[x].From; c < columns[x].To; c++)
                            share[c] += part;
                    }

                    for (int r = rows[y].From; r < rows[y].To; r++)
                        RowSums.Add(share, 1, target + (nint)plane * inputPlane + (nint)r * inputWidth, inputWidth);
                }
            }
        });
    }
}
