namespace ResNeSt.Kernels.Cpu;

/// <summary>Number, mean and summed squared deviation of some values; two sets combine exactly by the formula of Chan, Golub and LeVeque (1979).</summary>
internal struct Moments
{
    public double Count;
    public double Mean;
    public double SquaredDeviation;

    /// <summary>Biased variance.</summary>
    public readonly double Variance => SquaredDeviation / Count;

    /// <summary>Adds the values of another set.</summary>
    public void Add(in Moments other)
    {
        double total = Count + other.Count;
        double difference = other.Mean - Mean;
        SquaredDeviation += other.SquaredDeviation + difference * difference * (Count * other.Count / total);
        Mean += difference * (other.Count / total);
        Count = total;
    }

    /// <summary>The moments of contiguous values.</summary>
    /// <remarks>One pass over memory: each block is read twice while it lies in the first-level cache, first for its mean, then for the
    /// deviations from it. What rounding left in that mean shows as a non-zero sum of deviations and is corrected, so that a large mean
    /// costs a small variance no digits.</remarks>
    public static unsafe Moments Of<TLanes>(float* x, int count)
        where TLanes : struct, ILanes<TLanes>
    {
        var moments = default(Moments);
        for (int start = 0; start < count; start += Planes<TLanes>.Block)
            moments.Add(OfBlock<TLanes>(x + start, Math.Min(Planes<TLanes>.Block, count - start)));
        return moments;
    }

    private static unsafe Moments OfBlock<TLanes>(float* x, int count)
        where TLanes : struct, ILanes<TLanes>
    {
        float pivot = (float)(Planes<TLanes>.Sum(x, count) / count);
        double first = 0, second = 0;
        int i = 0;
        if (count >= 2 * TLanes.Count)
        {
            var m = TLanes.Broadcast(pivot);
            TLanes a0 = TLanes.Broadcast(0), a1 = a0, b0 = a0, b1 = a0;
            for (; i <= count - 2 * TLanes.Count; i += 2 * TLanes.Count)
            {
                var d0 = TLanes.Load(x + i) - m;
                var d1 = TLanes.Load(x + i + TLanes.Count) - m;
                a0 += d0;
                a1 += d1;
                b0 = TLanes.MultiplyAdd(d0, d0, b0);
                b1 = TLanes.MultiplyAdd(d1, d1, b1);
            }

            first = Planes<TLanes>.Horizontal(a0 + a1);
            second = Planes<TLanes>.Horizontal(b0 + b1);
        }

        for (; i < count; i++)
        {
            double d = (double)x[i] - pivot;
            first += d;
            second += d * d;
        }

        return new Moments { Count = count, Mean = pivot + first / count, SquaredDeviation = Math.Max(0, second - first * first / count) };
    }
}
