using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The gradients of both forms of batch norm. A chunk owns whole channels: one pass over x and g for ∂β = Σ g and
/// ∂γ = Σ g·(x - μ)/√(σ² + ε), another, mostly from the cache, for ∂x = A·g + B·(x - μ) + C. Bandwidth-bound: 12 to 20 bytes per element.</summary>
internal static unsafe class BatchNormGradient<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Computes ∂x, ∂γ, ∂β from x, γ, μ, σ², g.</summary>
    /// <param name="inputs">x, γ, μ, σ², g.</param>
    /// <param name="outputs">∂x, ∂γ, ∂β.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="frozen">The statistics are constants: B and C are zero.</param>
    /// <param name="grain">Elements of a chunk.</param>
    public static void Run(ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, double epsilon, bool frozen, int grain)
    {
        var shape = inputs[0].Shape;
        int n = shape[0], channels = shape[1], plane = shape.Product(2, shape.Rank);
        double share = frozen ? 0 : 1 / ((double)n * plane);
        float* x = inputs[0].Floats, weight = inputs[1].Floats, means = inputs[2].Floats, variances = inputs[3].Floats, g = inputs[4].Floats;
        float* dx = outputs[0].Floats, dWeight = outputs[1].Floats, dBias = outputs[2].Floats;
        int chunk = (int)Math.Clamp(grain / Math.Max(1, (long)n * plane), 1, grain);
        ParallelRows.ForRanges(channels, chunk, plane == 1 ? Columns : Channels);

        void Channels(int from, int to)
        {
            for (int c = from; c < to; c++)
            {
                float mean = means[c];
                double sum = 0, dot = 0;
                for (int sample = 0; sample < n; sample++)
                {
                    long offset = ((long)sample * channels + c) * plane;
                    Sums(x + offset, g + offset, plane, mean, ref sum, ref dot);
                }

                double inverse = 1 / Math.Sqrt(variances[c] + epsilon);
                dWeight[c] = (float)(dot * inverse);
                dBias[c] = (float)sum;
                double a = weight[c] * inverse;
                float factorX = (float)(-a * inverse * inverse * dot * share), constant = (float)(-a * sum * share);
                for (int sample = 0; sample < n; sample++)
                {
                    long offset = ((long)sample * channels + c) * plane;
                    if (frozen)
                        Planes<TLanes>.Scale(g + offset, dx + offset, plane, (float)a);
                    else
                        Combine(x + offset, g + offset, dx + offset, plane, mean, (float)a, factorX, constant);
                }
            }
        }

        void Columns(int from, int to)
        {
            int c = from;
            for (; c <= to - TLanes.Count; c += TLanes.Count)
                Column<TLanes>(c);
            for (; c < to; c++)
                Column<Lane>(c);
        }

        // One value per sample: lanes are channels.
        void Column<T>(int c)
            where T : struct, ILanes<T>
        {
            // Locals, since the captured ones are fields of an object to the compiler.
            float* values = x + c, gradients = g + c, results = dx + c;
            long stride = channels;
            int samples = n;
            var mean = T.Load(means + c);
            T sum = T.Broadcast(0), dot = sum;
            for (int i = 0; i < samples; i++)
            {
                var gradient = T.Load(gradients + i * stride);
                sum += gradient;
                dot = T.MultiplyAdd(gradient, T.Load(values + i * stride) - mean, dot);
            }

            var inverse = T.Broadcast(1) / T.Sqrt(T.Load(variances + c) + T.Broadcast((float)epsilon));
            (dot * inverse).Store(dWeight + c);
            sum.Store(dBias + c);
            var a = T.Load(weight + c) * inverse;
            var minus = T.Broadcast((float)-share) * a;
            T factorX = minus * inverse * inverse * dot, constant = minus * sum;
            for (int i = 0; i < samples; i++)
            {
                var rest = T.MultiplyAdd(T.Load(values + i * stride) - mean, factorX, constant);
                T.MultiplyAdd(T.Load(gradients + i * stride), a, rest).Store(results + i * stride);
            }
        }
    }

    /// <summary>Adds Σ g and Σ g·(x - mean), by blocks.</summary>
    private static void Sums(float* x, float* g, int count, float mean, ref double sum, ref double dot)
    {
        var m = TLanes.Broadcast(mean);
        for (int start = 0; start < count; start += Planes<TLanes>.Block)
        {
            float* values = x + start, gradients = g + start;
            int length = Math.Min(Planes<TLanes>.Block, count - start), i = 0;
            if (length >= 2 * TLanes.Count)
            {
                TLanes a0 = TLanes.Broadcast(0), a1 = a0, b0 = a0, b1 = a0;
                for (; i <= length - 2 * TLanes.Count; i += 2 * TLanes.Count)
                {
                    TLanes g0 = TLanes.Load(gradients + i), g1 = TLanes.Load(gradients + i + TLanes.Count);
                    a0 += g0;
                    a1 += g1;
                    b0 = TLanes.MultiplyAdd(g0, TLanes.Load(values + i) - m, b0);
                    b1 = TLanes.MultiplyAdd(g1, TLanes.Load(values + i + TLanes.Count) - m, b1);
                }

                sum += Planes<TLanes>.Horizontal(a0 + a1);
                dot += Planes<TLanes>.Horizontal(b0 + b1);
            }

            for (; i < length; i++)
            {
                sum += gradients[i];
                dot += (double)gradients[i] * ((double)values[i] - mean);
            }
        }
    }

    /// <summary>y = a·g + b·(x - mean) + c.</summary>
    private static void Combine(float* x, float* g, float* y, int count, float mean, float a, float b, float c)
    {
        TLanes m = TLanes.Broadcast(mean), va = TLanes.Broadcast(a), vb = TLanes.Broadcast(b), vc = TLanes.Broadcast(c);
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
            TLanes.MultiplyAdd(TLanes.Load(g + i), va, TLanes.MultiplyAdd(TLanes.Load(x + i) - m, vb, vc)).Store(y + i);
        for (; i < count; i++)
            y[i] = float.MultiplyAddEstimate(g[i], a, float.MultiplyAddEstimate(x[i] - mean, b, c));
    }
}
