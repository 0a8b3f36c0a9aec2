using System.Runtime.Intrinsics.X86;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Spreads each upstream gradient over the columns of its window; the rows of the image then add up what their windows give.
/// Each plane belongs to one thread.</summary>
internal sealed unsafe class AvgPool2dGradCpuKernel : Kernel<AvgPool2dGradOp>
{
    protected override bool Supports(AvgPool2dGradOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(AvgPool2dGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        if (Avx512F.IsSupported)
            Run<Lanes512>(op, inputs[0], outputs[0]);
        else if (Avx2.IsSupported)
            Run<Lanes256>(op, inputs[0], outputs[0]);
        else
            Run<Lanes128>(op, inputs[0], outputs[0]);
    }

    private static void Run<TLanes>(AvgPool2dGradOp op, Tensor dy, Tensor dx)
        where TLanes : struct, ILanes<TLanes>
    {
        var g = op.Geometry;
        var divisors = new AvgPoolDivisors(g, op.CountPadding, op.DivisorOverride, dx.Shape, dy.Shape);
        int height = dy.Shape[2], width = dy.Shape[3], inputHeight = dx.Shape[2], inputWidth = dx.Shape[3];
        // The windows that hold each row of the image.
        var windows = new (int From, int To)[inputHeight];
        for (int r = 0; r < inputHeight; r++)
        {
            int last = r + g.PadTop, first = Math.Max(0, last - g.KernelH + 1);
            int end = Math.Min(height, last / g.StrideH + 1);
            windows[r] = (Math.Min((first + g.StrideH - 1) / g.StrideH, end), end);
        }

        // Lines of the padded image, one per output row, in whole vectors; parts have zeros in front, and behind as far as the lines go.
        int reach = (g.KernelW - 1) / g.StrideW;
        int covered = Math.Max(g.PadLeft + inputWidth, (width - 1) * g.StrideW + g.KernelW);
        int blocks = ((covered + g.StrideW - 1) / g.StrideW + TLanes.Count - 1) / TLanes.Count * TLanes.Count;
        int partPitch = reach + blocks, linePitch = blocks * g.StrideW;
        float* upstream = dy.Floats, target = dx.Floats;
        ParallelRows.ForRanges(dx.Shape.Product(0, 2), PoolTaps.PlanesPerPiece(inputHeight * inputWidth), (from, to) =>
        {
            float* parts = ThreadScratch.Floats(ThreadScratch.Use.Rows, (long)height * partPitch);
            float* lines = ThreadScratch.Floats(ThreadScratch.Use.Stage, (long)height * linePitch);
            new Span<float>(parts, height * partPitch).Clear();
            fixed (float* columnDivisors = divisors.Columns)
            {
                for (int plane = from; plane < to; plane++)
                {
                    float* gradient = upstream + (nint)plane * height * width, image = target + (nint)plane * inputHeight * inputWidth;
                    for (int y = 0; y < height; y++)
                        PoolRows<TLanes>.Divide(gradient + (nint)y * width, divisors.Rows[y], columnDivisors, parts + (nint)y * partPitch + reach, width);
                    for (int y = 0; y < height; y++)
                        PoolRows<TLanes>.Spread(parts + (nint)y * partPitch + reach, width, g.KernelW, g.StrideW, lines + (nint)y * linePitch, blocks);
                    for (int r = 0; r < inputHeight; r++)
                    {
                        var (first, end) = windows[r];
                        PoolRows<TLanes>.Sum(lines + (nint)first * linePitch + g.PadLeft, linePitch, end - first, image + (nint)r * inputWidth, inputWidth);
                    }
                }
            }
        });
    }
}
