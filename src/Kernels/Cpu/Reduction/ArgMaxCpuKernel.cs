using System.Runtime.Intrinsics;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Index of the largest element along an axis. Along the last axis a row's maximum is found first, then its place, both by
/// vectors; along others every element is compared in memory order.</summary>
internal sealed unsafe class ArgMaxCpuKernel : Kernel<ArgMaxOp>
{
    protected override bool Supports(ArgMaxOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(ArgMaxOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        float* x = inputs[0].Floats;
        long* y = (long*)outputs[0].Bytes;
        var shape = inputs[0].Shape;
        int extent = shape[op.Axis];
        int inner = shape.Product(op.Axis + 1, shape.Rank);
        int outer = shape.Product(0, op.Axis);
        bool last = op.SelectLast;
        ParallelRows.ForRanges(outer, Math.Max(1, ElementwiseLoops.Grain / (extent * inner)), (from, to) =>
        {
            for (int n = from; n < to; n++)
            {
                float* block = x + (long)n * extent * inner;
                long* best = y + (long)n * inner;
                if (inner == 1)
                {
                    *best = Find(block, extent, (float)MaxReduction.Row(block, extent), last);
                    continue;
                }

                new Span<long>(best, inner).Clear();
                for (int k = 1; k < extent; k++)
                {
                    for (int i = 0; i < inner; i++)
                    {
                        if (Beats(block[k * inner + i], block[best[i] * inner + i], last))
                            best[i] = k;
                    }
                }
            }
        });
    }

    /// <summary>The first or last place of a row's maximum, which may be NaN.</summary>
    private static int Find(float* row, int count, float max, bool last)
    {
        bool nan = float.IsNaN(max);
        if (last)
        {
            for (int i = count - 1; ; i--)
            {
                if (row[i] == max || (nan && float.IsNaN(row[i])))
                    return i;
            }
        }

        int k = 0;
        if (Vector256.IsHardwareAccelerated && !nan)
        {
            var wanted = Vector256.Create(max);
            while (k <= count - 8 && !Vector256.EqualsAny(Vector256.Load(row + k), wanted))
                k += 8;
        }

        while (row[k] != max && !(nan && float.IsNaN(row[k])))
            k++;
        return k;
    }

    private static bool Beats(float candidate, float champion, bool last)
    {
        if (float.IsNaN(champion))
            return last && float.IsNaN(candidate);
        // Written so that a NaN candidate wins.
        return !(candidate <= champion) || (last && candidate == champion);
    }
}
