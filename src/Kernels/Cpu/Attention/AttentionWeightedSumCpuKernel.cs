using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>y = Σ_r a_r·x_r, plane by plane: the weighted splits live in registers only. Bandwidth-bound: 4·(R + 1) bytes per output.</summary>
internal sealed unsafe class AttentionWeightedSumCpuKernel<TLanes> : LanesKernel<AttentionWeightedSumOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    protected override void Run(AttentionWeightedSumOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = outputs[0].Shape;
        int channels = shape[1], plane = shape[2] * shape[3], radix = op.Radix;
        float* x = inputs[0].Floats, attention = inputs[1].Floats, y = outputs[0].Floats;
        ParallelRows.ForRanges(shape[0] * channels, RowsPerChunk((long)plane * (radix + 1)), (from, to) =>
        {
            for (int p = from; p < to; p++)
            {
                // Output plane (n, c) reads planes (n, r·C + c): the first one lies here, the others C planes apart.
                long first = (long)(p / channels) * radix * channels + p % channels;
                WeightedSum(x + first * plane, (long)channels * plane, attention + first, channels, radix, y + (long)p * plane, plane);
            }
        });
    }

    private static void WeightedSum(float* x, long stride, float* weights, int weightStride, int radix, float* y, int count)
    {
        int i = 0;
        if (radix == 2)
        {
            // The networks' usual case, with both weights held in registers.
            TLanes a0 = TLanes.Broadcast(weights[0]), a1 = TLanes.Broadcast(weights[weightStride]);
            float* second = x + stride;
            for (; i <= count - TLanes.Count; i += TLanes.Count)
                TLanes.MultiplyAdd(TLanes.Load(second + i), a1, TLanes.Load(x + i) * a0).Store(y + i);
        }

        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            var sum = TLanes.Load(x + i) * TLanes.Broadcast(*weights);
            for (int r = 1; r < radix; r++)
                sum = TLanes.MultiplyAdd(TLanes.Load(x + r * stride + i), TLanes.Broadcast(weights[r * weightStride]), sum);
            sum.Store(y + i);
        }

        for (; i < count; i++)
        {
            float sum = x[i] * *weights;
            for (int r = 1; r < radix; r++)
                sum = float.MultiplyAddEstimate(x[r * stride + i], weights[r * weightStride], sum);
            y[i] = sum;
        }
    }
}
