using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Mean under each window, a vector of neighbouring windows at a time.</summary>
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
        var taps = PoolTaps.Of(op.Geometry, x.Shape, y.Shape);
        var divisors = new AvgPoolDivisors(op.Geometry, op.CountPadding, op.DivisorOverride, x.Shape, y.Shape);
        int inputPlane = taps.Height * taps.Width, stageRows = (taps.GridHeight - 1) * taps.StepH + taps.RowSpan;
        float* source = x.Floats, target = y.Floats;
        ParallelRows.ForRanges(x.Shape.Product(0, 2), PoolTaps.PlanesPerPiece(taps.Area), (from, to) =>
        {
            float* stage = ThreadScratch.Floats(ThreadScratch.Use.Stage, (long)stageRows * taps.RowPitch + TLanes.Count);
            fixed (float* columnDivisors = divisors.Columns)
            {
                for (int plane = from; plane < to; plane++)
                {
                    RowStaging.Copy(taps, source + (nint)plane * inputPlane, taps.FirstRow, stageRows, 0, stage);
                    for (int row = 0; row < taps.GridHeight; row++)
                    {
                        RunRow<TLanes>(
                            taps, stage + (nint)row * taps.StepH * taps.RowPitch, divisors.Rows[row], columnDivisors, target + (nint)plane * taps.Area + row * taps.GridWidth);
                    }
                }
            }
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunRow<TLanes>(ImageTaps taps, float* stage, float rowDivisor, float* columnDivisors, float* y)
        where TLanes : struct, ILanes<TLanes>
    {
        int x = 0;
        RunVectors<TLanes>(taps, stage, rowDivisor, columnDivisors, y, ref x);
        // Deep layers have narrow images.
        if (TLanes.Count > 8)
            RunVectors<Lanes256>(taps, stage, rowDivisor, columnDivisors, y, ref x);
        if (TLanes.Count > 4)
            RunVectors<Lanes128>(taps, stage, rowDivisor, columnDivisors, y, ref x);

        for (; x < taps.GridWidth; x++)
        {
            float sum = 0;
            foreach (int place in taps.Places)
                sum += stage[place + x];
            y[x] = sum / (rowDivisor * columnDivisors[x]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RunVectors<TLanes>(ImageTaps taps, float* stage, float rowDivisor, float* columnDivisors, float* y, ref int x)
        where TLanes : struct, ILanes<TLanes>
    {
        for (; x <= taps.GridWidth - TLanes.Count; x += TLanes.Count)
        {
            var sum = TLanes.Broadcast(0);
            foreach (int place in taps.Places)
                sum += TLanes.Load(stage + place + x);
            (sum / (TLanes.Broadcast(rowDivisor) * TLanes.Load(columnDivisors + x))).Store(y + x);
        }
    }
}
