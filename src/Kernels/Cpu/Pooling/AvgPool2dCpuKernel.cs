using System.Runtime.Intrinsics.X86;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Mean under each window: the rows of a plane's windows are added up first, then the columns of these sums, a vector of neighbours at a time.</summary>
internal sealed unsafe class AvgPool2dCpuKernel : Kernel<AvgPool2dOp>
{
    protected override bool Supports(AvgPool2dOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(AvgPool2dOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        if (Avx512F.IsSupported)
            Run<Lanes512>(op, inputs[0], outputs[0]);
        else if (Avx2.IsSupported)
            Run<Lanes256>(op, inputs[0], outputs[0]);
        else
            Run<Lanes128>(op, inputs[0], outputs[0]);
    }

    private static void Run<TLanes>(AvgPool2dOp op, Tensor x, Tensor y)
        where TLanes : struct, ILanes<TLanes>
    {
        var g = op.Geometry;
        var divisors = new AvgPoolDivisors(g, op.CountPadding, op.DivisorOverride, x.Shape, y.Shape);
        int inputHeight = x.Shape[2], inputWidth = x.Shape[3], height = y.Shape[2], width = y.Shape[3];
        var rows = new (int From, int To)[height];
        for (int i = 0; i < height; i++)
            (rows[i].From, rows[i].To, _) = AvgPool2dOp.Window(i, inputHeight, g.KernelH, g.StrideH, g.PadTop, g.PadBottom);

        // One line of sums per output row, with the padding's zeros on both sides.
        int pitch = Math.Max(g.PadLeft + inputWidth, (width - 1) * g.StrideW + g.KernelW);
        long stageLength = (long)height * pitch + 2;
        float* source = x.Floats, target = y.Floats;
        ParallelRows.ForRanges(x.Shape.Product(0, 2), PoolTaps.PlanesPerPiece(height * width), (from, to) =>
        {
            float* stage = ThreadScratch.Floats(ThreadScratch.Use.Stage, stageLength);
            new Span<float>(stage, checked((int)stageLength)).Clear();
            fixed (float* columnDivisors = divisors.Columns)
            {
                for (int plane = from; plane < to; plane++)
                {
                    float* image = source + (nint)plane * inputHeight * inputWidth, means = target + (nint)plane * height * width;
                    for (int i = 0; i < height; i++)
                    {
                        PoolRows<TLanes>.Sum(
                            image + (nint)rows[i].From * inputWidth, inputWidth, rows[i].To - rows[i].From, stage + (nint)i * pitch + g.PadLeft, inputWidth);
                    }

                    for (int i = 0; i < height; i++)
                    {
                        PoolRows<TLanes>.Mean(
                            stage + (nint)i * pitch, g.KernelW, g.StrideW, divisors.Rows[i], columnDivisors, means + (nint)i * width, width);
                    }
                }
            }
        });
    }
}
