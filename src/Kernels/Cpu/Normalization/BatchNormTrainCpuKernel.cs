using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Batch norm with the batch's statistics. A chunk owns whole channels: it reads them once for mean and variance, and again,
/// mostly from the cache, to normalise. Bandwidth-bound: 8 to 12 bytes per element.</summary>
internal sealed unsafe class BatchNormTrainCpuKernel<TLanes> : LanesKernel<BatchNormTrainOp, TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    protected override void Run(BatchNormTrainOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = inputs[0].Shape;
        int n = shape[0], channels = shape[1], plane = shape.Product(2, shape.Rank);
        float* x = inputs[0].Floats, weight = inputs[1].Floats, bias = inputs[2].Floats;
        float* y = outputs[0].Floats, means = outputs[1].Floats, variances = outputs[2].Floats;
        double epsilon = op.Epsilon;
        ParallelRows.ForRanges(channels, RowsPerChunk((long)n * plane), plane == 1 ? Columns : Channels);

        void Channels(int from, int to)
        {
            for (int c = from; c < to; c++)
            {
                var moments = default(Moments);
                for (int sample = 0; sample < n; sample++)
                    moments.Add(Moments.Of<TLanes>(x + ((long)sample * channels + c) * plane, plane));
                means[c] = (float)moments.Mean;
                variances[c] = (float)moments.Variance;
                double scale = weight[c] / Math.Sqrt(moments.Variance + epsilon);
                // The mean as a float and a rest: subtracting the float is exact near the mean, the rest goes into the shift.
                float subtrahend = (float)moments.Mean;
                float shift = (float)(bias[c] - (moments.Mean - subtrahend) * scale);
                for (int sample = 0; sample < n; sample++)
                {
                    long offset = ((long)sample * channels + c) * plane;
                    Planes<TLanes>.ScaleShift(x + offset, y + offset, plane, subtrahend, (float)scale, shift);
                }
            }
        }

        // One value per sample: lanes are channels.
        void Columns(int from, int to)
        {
            int c = from;
            for (; c <= to - TLanes.Count; c += TLanes.Count)
                Column<TLanes>(x + c, y + c, means + c, variances + c, weight + c, bias + c, n, channels, (float)epsilon);
            for (; c < to; c++)
                Column<Lane>(x + c, y + c, means + c, variances + c, weight + c, bias + c, n, channels, (float)epsilon);
        }
    }

    private static void Column<T>(float* x, float* y, float* means, float* variances, float* weight, float* bias, int n, int stride, float epsilon)
        where T : struct, ILanes<T>
    {
        var share = T.Broadcast(1f / n);
        var sum = T.Broadcast(0);
        for (int i = 0; i < n; i++)
            sum += T.Load(x + (long)i * stride);
        var pivot = sum * share;
        T first = T.Broadcast(0), second = first;
        for (int i = 0; i < n; i++)
        {
            var d = T.Load(x + (long)i * stride) - pivot;
            first += d;
            second = T.MultiplyAdd(d, d, second);
        }

        var rest = first * share;
        var variance = T.AtLeast(second * share - rest * rest, T.Broadcast(0));
        (pivot + rest).Store(means);
        variance.Store(variances);
        var scale = T.Load(weight) / T.Sqrt(variance + T.Broadcast(epsilon));
        var shift = T.Load(bias) - rest * scale;
        for (int i = 0; i < n; i++)
            T.MultiplyAdd(T.Load(x + (long)i * stride) - pivot, scale, shift).Store(y + (long)i * stride);
    }
}
