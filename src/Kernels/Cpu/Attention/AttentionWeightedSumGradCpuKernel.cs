using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>∂x_r = a_r·g and ∂a_r = Σ g·x_r in one pass over x; g stays in the cache between splits. Bandwidth-bound: 4·(2R + 1) bytes
/// per element of g.</summary>
internal sealed unsafe class AttentionWeightedSumGradCpuKernel<TLanes> : LanesKernel<AttentionWeightedSumGradOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    protected override void Run(AttentionWeightedSumGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = inputs[2].Shape;
        int channels = shape[1], plane = shape[2] * shape[3], radix = op.Radix;
        float* x = inputs[0].Floats, attention = inputs[1].Floats, g = inputs[2].Floats;
        float* dx = outputs[0].Floats, dAttention = outputs[1].Floats;
        ParallelRows.ForRanges(shape[0] * channels, RowsPerChunk((long)plane * (2 * radix + 1)), (from, to) =>
        {
            for (int p = from; p < to; p++)
            {
                long first = (long)(p / channels) * radix * channels + p % channels;
                for (int r = 0; r < radix; r++)
                {
                    long split = first + (long)r * channels;
                    dAttention[split] = ScaleAndDot(g + (long)p * plane, attention[split], dx + split * plane, x + split * plane, plane);
                }
            }
        });
    }

    /// <summary>dx = a·g; returns Σ g·x, by blocks.</summary>
    private static float ScaleAndDot(float* g, float weight, float* dx, float* x, int count)
    {
        double total = 0;
        var a = TLanes.Broadcast(weight);
        for (int start = 0; start < count; start += Planes<TLanes>.Block)
        {
            int end = Math.Min(count, start + Planes<TLanes>.Block), i = start;
            if (end - i >= TLanes.Count)
            {
                TLanes s0 = TLanes.Broadcast(0), s1 = s0;
                for (; i <= end - 2 * TLanes.Count; i += 2 * TLanes.Count)
                {
                    TLanes g0 = TLanes.Load(g + i), g1 = TLanes.Load(g + i + TLanes.Count);
                    s0 = TLanes.MultiplyAdd(g0, TLanes.Load(x + i), s0);
                    s1 = TLanes.MultiplyAdd(g1, TLanes.Load(x + i + TLanes.Count), s1);
                    (g0 * a).Store(dx + i);
                    (g1 * a).Store(dx + i + TLanes.Count);
                }

                for (; i <= end - TLanes.Count; i += TLanes.Count)
                {
                    var gradient = TLanes.Load(g + i);
                    s0 = TLanes.MultiplyAdd(gradient, TLanes.Load(x + i), s0);
                    (gradient * a).Store(dx + i);
                }

                total += Planes<TLanes>.Horizontal(s0 + s1);
            }

            for (; i < end; i++)
            {
                total += (double)g[i] * x[i];
                dx[i] = g[i] * weight;
            }
        }

        return (float)total;
    }
}
