using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Batch norm with the batch's statistics. A chunk owns whole channels: it reads them once for mean and variance, and again,
/// mostly from the cache, to normalise. Bandwidth-bound: 8 to 12 bytes per element.</summary>
internal static unsafe class BatchNormForward<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Computes y, μ, σ² from x, γ, β.</summary>
    /// <param name="inputs">x, γ, β.</param>
    /// <param name="outputs">y, μ, σ².</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="limit">Results below this are raised to it: zero for a ReLU behind the norm, else -∞.</param>
    /// <param name="grain">Elements of a chunk.</param>
    public static void Run(ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, double epsilon, float limit, int grain)
    {
        var shape = inputs[0].Shape;
        int n = shape[0], channels = shape[1], plane = shape.Product(2, shape.Rank);
        float* x = inputs[0].Floats, weight = inputs[1].Floats, bias = inputs[2].Floats;
        float* y = outputs[0].Floats, means = outputs[1].Floats, variances = outputs[2].Floats;
        nint stride = (nint)channels * plane;
        bool gathers = ChannelRuns<TLanes>.Fits(n, plane);
        int chunk = (int)Math.Clamp(grain / Math.Max(1, (long)n * plane), 1, grain);
        ParallelRows.ForRanges(channels, chunk, plane == 1 ? Columns : Channels);

        void Channels(int from, int to)
        {
            float* run = gathers ? ThreadScratch.Floats(ThreadScratch.Use.Rows, (long)n * plane) : null;
            for (int c = from; c < to; c++)
            {
                float* source = x + (nint)c * plane, target = y + (nint)c * plane;
                var moments = default(Moments);
                if (gathers)
                {
                    ChannelRuns<TLanes>.Gather(source, stride, plane, n, run);
                    moments = Moments.Of<TLanes>(run, n * plane);
                }
                else
                {
                    for (int sample = 0; sample < n; sample++)
                        moments.Add(Moments.Of<TLanes>(source + sample * stride, plane));
                }

                means[c] = (float)moments.Mean;
                variances[c] = (float)moments.Variance;
                double scale = weight[c] / Math.Sqrt(moments.Variance + epsilon);
                // The mean as a float and a rest: subtracting the float is exact near the mean, the rest goes into the shift.
                float subtrahend = (float)moments.Mean;
                float shift = (float)(bias[c] - (moments.Mean - subtrahend) * scale);
                if (gathers)
                {
                    Planes<TLanes>.ScaleShift(run, run, n * plane, subtrahend, (float)scale, shift, limit);
                    ChannelRuns<TLanes>.Scatter(run, target, stride, plane, n);
                    continue;
                }

                for (int sample = 0; sample < n; sample++)
                    Planes<TLanes>.ScaleShift(source + sample * stride, target + sample * stride, plane, subtrahend, (float)scale, shift, limit);
            }
        }

        // One value per sample: lanes are channels.
        void Columns(int from, int to)
        {
            int c = from;
            for (; c <= to - TLanes.Count; c += TLanes.Count)
                Column<TLanes>(x + c, y + c, means + c, variances + c, weight + c, bias + c, n, channels, (float)epsilon, limit);
            for (; c < to; c++)
                Column<Lane>(x + c, y + c, means + c, variances + c, weight + c, bias + c, n, channels, (float)epsilon, limit);
        }
    }

    private static void Column<T>(float* x, float* y, float* means, float* variances, float* weight, float* bias, int n, int stride, float epsilon, float limit)
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
            T.AtLeast(T.MultiplyAdd(T.Load(x + (long)i * stride) - pivot, scale, shift), T.Broadcast(limit)).Store(y + (long)i * stride);
    }
}
