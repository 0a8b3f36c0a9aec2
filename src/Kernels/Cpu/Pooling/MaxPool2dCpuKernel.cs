using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Largest value under each window, a vector of neighbouring windows at a time.</summary>
internal sealed unsafe class MaxPool2dCpuKernel : Kernel<MaxPool2dOp>
{
    // Lanes count taps as floats, which are exact so far.
    private const int MostTaps = 1 << 24;

    protected override bool Supports(MaxPool2dOp op, ReadOnlySpan<TensorSpec> inputs) =>
        inputs[0].DType == DType.F32 && (long)op.Geometry.KernelH * op.Geometry.KernelW < MostTaps;

    protected override void Run(MaxPool2dOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var taps = PoolTaps.Of(op.Geometry, inputs[0].Shape, outputs[0].Shape);
        if (Avx512F.IsSupported)
            Run<Lanes512>(op.Geometry, taps, inputs[0], outputs[0], outputs[1]);
        else if (Avx2.IsSupported)
            Run<Lanes256>(op.Geometry, taps, inputs[0], outputs[0], outputs[1]);
        else
            Run<Lanes128>(op.Geometry, taps, inputs[0], outputs[0], outputs[1]);
    }

    private static void Run<TLanes>(PoolGeometry g, ImageTaps taps, Tensor x, Tensor y, Tensor indices)
        where TLanes : struct, ILanes<TLanes>
    {
        int inputPlane = taps.Height * taps.Width, stageRows = (taps.GridHeight - 1) * taps.StepH + taps.RowSpan;
        // The first tap of a window that lies in the image, along each axis: it is chosen until a larger value comes.
        var firstRows = FirstTaps(taps.GridHeight, g.StrideH, g.PadTop, g.KernelH, g.DilationH, taps.Height);
        var firstColumns = FirstTaps(taps.GridWidth, g.StrideW, g.PadLeft, g.KernelW, g.DilationW, taps.Width);
        float* source = x.Floats, values = y.Floats;
        int* places = (int*)indices.Bytes;
        ParallelRows.ForRanges(x.Shape.Product(0, 2), PoolTaps.PlanesPerPiece(taps.Area), (from, to) =>
        {
            float* stage = ThreadScratch.Floats(ThreadScratch.Use.Stage, (long)stageRows * taps.RowPitch + TLanes.Count);
            for (int plane = from; plane < to; plane++)
            {
                RowStaging.Copy(taps, source + (nint)plane * inputPlane, taps.FirstRow, stageRows, float.NegativeInfinity, stage);
                for (int row = 0; row < taps.GridHeight; row++)
                {
                    nint first = (nint)plane * taps.Area + row * taps.GridWidth;
                    RunRow<TLanes>(
                        g, taps, stage + (nint)row * taps.StepH * taps.RowPitch, row * g.StrideH - g.PadTop, firstRows[row], firstColumns, values + first, places + first);
                }
            }
        });
    }

    [SkipLocalsInit]
    private static void RunRow<TLanes>(PoolGeometry g, ImageTaps taps, float* stage, int top, int firstRow, int[] firstColumns, float* values, int* places)
        where TLanes : struct, ILanes<TLanes>
    {
        float* best = stackalloc float[TLanes.Count];
        float* chosen = stackalloc float[TLanes.Count];
        for (int x = 0; x < taps.GridWidth; x += TLanes.Count)
        {
            int count = Math.Min(TLanes.Count, taps.GridWidth - x);
            for (int i = 0; i < TLanes.Count; i++)
                chosen[i] = i < count && firstRow >= 0 && firstColumns[x + i] >= 0 ? firstRow * g.KernelW + firstColumns[x + i] : -1;
            Choose<TLanes>(taps, stage + x, best, chosen);
            for (int i = 0; i < count; i++)
            {
                int tap = (int)chosen[i];
                values[x + i] = best[i];
                places[x + i] = tap < 0
                    ? -1
                    : (top + tap / g.KernelW * g.DilationH) * taps.Width + (x + i) * g.StrideW - g.PadLeft + tap % g.KernelW * g.DilationW;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Choose<TLanes>(ImageTaps taps, float* stage, float* best, float* chosen)
        where TLanes : struct, ILanes<TLanes>
    {
        var (value, tap) = (TLanes.Broadcast(float.NegativeInfinity), TLanes.Load(chosen));
        var (number, one) = (TLanes.Broadcast(0), TLanes.Broadcast(1));
        foreach (int place in taps.Places)
        {
            var candidate = TLanes.Load(stage + place);
            // A larger value, or NaN, which nothing replaces but another NaN.
            var larger = TLanes.Greater(candidate, value);
            var valid = TLanes.Equal(candidate, candidate);
            value = TLanes.Select(valid, TLanes.Select(larger, candidate, value), candidate);
            tap = TLanes.Select(valid, TLanes.Select(larger, number, tap), number);
            number += one;
        }

        value.Store(best);
        tap.Store(chosen);
    }

    private static int[] FirstTaps(int outputs, int stride, int padding, int kernel, int dilation, int input)
    {
        var first = new int[outputs];
        for (int i = 0; i < outputs; i++)
        {
            int start = i * stride - padding, tap = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
            first[i] = tap < kernel && start + tap * dilation < input ? tap : -1;
        }

        return first;
    }
}
