using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The gradients of the forms of batch norm. A chunk owns whole channels: one pass over x and g for ∂β = Σ g and
/// ∂γ = Σ g·(x - μ)/√(σ² + ε), another, mostly from the cache, for ∂x = A·g + B·(x - μ) + C. Bandwidth-bound: 12 to 20 bytes per element.</summary>
/// <remarks>The terms of ∂x cancel, the more so the fewer values there are: entirely, but for ε, over two. What rounding μ to F32 left shows
/// as a non-zero Σ (x - μ) and is corrected; a single value per sample, where batches alone make the statistics, is computed in double.</remarks>
internal static unsafe class BatchNormGradient<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    private const int ColumnBlock = 256;

    /// <summary>Computes ∂x, ∂γ, ∂β from x, γ, μ, σ², g.</summary>
    /// <param name="inputs">x, γ, μ, σ², g; also y, if y is the output of a ReLU behind the norm.</param>
    /// <param name="outputs">∂x, ∂γ, ∂β.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="frozen">The statistics are constants: B and C are zero.</param>
    /// <param name="grain">Elements of a chunk.</param>
    public static void Run(ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, double epsilon, bool frozen, int grain)
    {
        var shape = inputs[0].Shape;
        int n = shape[0], channels = shape[1], plane = shape.Product(2, shape.Rank);
        double share = frozen || n * plane == 0 ? 0 : 1 / ((double)n * plane);
        float* x = inputs[0].Floats, weight = inputs[1].Floats, means = inputs[2].Floats, variances = inputs[3].Floats, g = inputs[4].Floats;
        float* dx = outputs[0].Floats, dWeight = outputs[1].Floats, dBias = outputs[2].Floats;
        // The output of a ReLU behind the norm, if there is one. Where channels are not copied together, the masked gradient stands in for ∂x until that is known.
        float* output = inputs.Length > 5 ? inputs[5].Floats : null, upstream = output == null ? g : dx;
        nint stride = (nint)channels * plane;
        // Frozen statistics keep to one product per element.
        bool gathers = !frozen && ChannelRuns<TLanes>.Fits(n, plane);
        int chunk = (int)Math.Clamp(grain / Math.Max(1, (long)n * plane), 1, grain);
        ParallelRows.ForRanges(channels, chunk, plane == 1 ? Columns : Channels);

        void Channels(int from, int to)
        {
            int length = n * plane;
            float* run = gathers ? ThreadScratch.Floats(ThreadScratch.Use.Rows, 2L * length) : null;
            for (int c = from; c < to; c++)
            {
                nint first = (nint)c * plane;
                float mean = means[c];
                double sum = 0, dot = 0, rest = 0;
                if (gathers)
                {
                    ChannelRuns<TLanes>.Gather(x + first, stride, plane, n, run);
                    if (output == null)
                        ChannelRuns<TLanes>.Gather(g + first, stride, plane, n, run + length);
                    else
                        ChannelRuns<TLanes>.GatherMasked(g + first, output + first, stride, plane, n, run + length);
                    Sums(run, run + length, length, mean, ref sum, ref dot, ref rest);
                }
                else
                {
                    for (int sample = 0; sample < n; sample++)
                    {
                        nint offset = sample * stride + first;
                        if (output != null)
                            ChannelRuns<TLanes>.Mask(g + offset, output + offset, dx + offset, plane);
                        Sums(x + offset, upstream + offset, plane, mean, ref sum, ref dot, ref rest);
                    }
                }

                double correction = Correction(mean, rest * share);
                dot -= correction * sum;
                double inverse = 1 / Math.Sqrt(variances[c] + epsilon);
                dWeight[c] = (float)(dot * inverse);
                dBias[c] = (float)sum;
                double a = weight[c] * inverse, b = -a * inverse * inverse * dot * share;
                float constant = (float)(-a * sum * share - b * correction);
                if (gathers)
                {
                    Combine(run, run + length, run, length, mean, (float)a, (float)b, constant);
                    ChannelRuns<TLanes>.Scatter(run, dx + first, stride, plane, n);
                    continue;
                }

                for (int sample = 0; sample < n; sample++)
                {
                    nint offset = sample * stride + first;
                    if (frozen)
                        Planes<TLanes>.Scale(upstream + offset, dx + offset, plane, (float)a);
                    else
                        Combine(x + offset, upstream + offset, dx + offset, plane, mean, (float)a, (float)b, constant);
                }
            }
        }

        // One value per sample: row by row, for some channels at a time.
        void Columns(int from, int to)
        {
            for (int c = from; c < to; c += ColumnBlock)
            {
                int width = Math.Min(ColumnBlock, to - c);
                for (int sample = 0; output != null && sample < n; sample++)
                    ChannelRuns<TLanes>.Mask(g + sample * stride + c, output + sample * stride + c, dx + sample * stride + c, width);
                ColumnGradients(x + c, upstream + c, dx + c, width, n, channels, weight + c, means + c, variances + c, dWeight + c, dBias + c, epsilon, share);
            }
        }
    }

    /// <summary>What is to be added to a mean for the rounding to F32, and no more.</summary>
    private static double Correction(float mean, double rest)
    {
        double most = Math.Abs((double)mean) / (1 << 23);
        return Math.Clamp(rest, -most, most);
    }

    private static void ColumnGradients(float* x, float* g, float* dx, int width, int n, long stride, float* weight, float* means, float* variances,
        float* dWeight, float* dBias, double epsilon, double share)
    {
        double* sums = stackalloc double[ColumnBlock], dots = stackalloc double[ColumnBlock], rests = stackalloc double[ColumnBlock], factors = stackalloc double[ColumnBlock];
        new Span<double>(sums, width).Clear();
        new Span<double>(dots, width).Clear();
        new Span<double>(rests, width).Clear();
        for (int i = 0; i < n; i++)
        {
            float* values = x + i * stride, gradients = g + i * stride;
            for (int c = 0; c < width; c++)
            {
                double centred = (double)values[c] - means[c];
                sums[c] += gradients[c];
                dots[c] += gradients[c] * centred;
                rests[c] += centred;
            }
        }

        // From here on: the mean gradient, its share along x̂ over the deviation, and the exact mean.
        for (int c = 0; c < width; c++)
        {
            double correction = Correction(means[c], rests[c] * share), dot = dots[c] - correction * sums[c];
            double inverse = 1 / Math.Sqrt(variances[c] + epsilon);
            dWeight[c] = (float)(dot * inverse);
            dBias[c] = (float)sums[c];
            factors[c] = weight[c] * inverse;
            (sums[c], dots[c], rests[c]) = (sums[c] * share, dot * inverse * inverse * share, means[c] + correction);
        }

        for (int i = 0; i < n; i++)
        {
            float* values = x + i * stride, gradients = g + i * stride, results = dx + i * stride;
            for (int c = 0; c < width; c++)
                results[c] = (float)((gradients[c] - sums[c] - (values[c] - rests[c]) * dots[c]) * factors[c]);
        }
    }

    /// <summary>Adds Σ g, Σ g·(x - mean) and Σ (x - mean), by blocks.</summary>
    private static void Sums(float* x, float* g, int count, float mean, ref double sum, ref double dot, ref double rest)
    {
        var m = TLanes.Broadcast(mean);
        for (int start = 0; start < count; start += Planes<TLanes>.Block)
        {
            float* values = x + start, gradients = g + start;
            int length = Math.Min(Planes<TLanes>.Block, count - start), i = 0;
            if (length >= 2 * TLanes.Count)
            {
                TLanes a0 = TLanes.Broadcast(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0;
                for (; i <= length - 2 * TLanes.Count; i += 2 * TLanes.Count)
                {
                    TLanes g0 = TLanes.Load(gradients + i), g1 = TLanes.Load(gradients + i + TLanes.Count);
                    a0 += g0;
                    a1 += g1;
                    TLanes d0 = TLanes.Load(values + i) - m, d1 = TLanes.Load(values + i + TLanes.Count) - m;
                    b0 = TLanes.MultiplyAdd(g0, d0, b0);
                    b1 = TLanes.MultiplyAdd(g1, d1, b1);
                    c0 += d0;
                    c1 += d1;
                }

                sum += Planes<TLanes>.Horizontal(a0 + a1);
                dot += Planes<TLanes>.Horizontal(b0 + b1);
                rest += Planes<TLanes>.Horizontal(c0 + c1);
            }

            for (; i < length; i++)
            {
                double centred = (double)values[i] - mean;
                sum += gradients[i];
                dot += gradients[i] * centred;
                rest += centred;
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
