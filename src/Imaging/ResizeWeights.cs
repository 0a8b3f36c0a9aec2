namespace ResNeSt.Imaging;

/// <summary>The integer weights of one axis: for each output position a first input and a few weights (Resample.c, precompute_coeffs and normalize_coeffs_8bpc).</summary>
internal sealed class ResizeWeights
{
    /// <summary>Fractional bits: 32 less 8 for the sample and 2 for weights beyond 1 and for the sign.</summary>
    public const int Bits = 32 - 8 - 2;

    /// <summary>One half, added before dropping the fractional bits.</summary>
    public const int Half = 1 << (Bits - 1);

    /// <summary>Weights are stored in groups of this many, filled up with zeros.</summary>
    public const int Group = 4;

    private readonly int[] weights;
    private readonly int[] firsts;
    private readonly int[] counts;
    private readonly int most;

    private ResizeWeights(int length, int most)
    {
        most = (most + Group - 1) / Group * Group;
        this.most = most;
        weights = new int[checked(length * most)];
        (firsts, counts) = (new int[length], new int[length]);
    }

    public int Length => firsts.Length;

    public int First(int i) => firsts[i];

    public int Count(int i) => counts[i];

    public ReadOnlySpan<int> Of(int i) => weights.AsSpan(i * most, counts[i]);

    /// <summary>The weights and zeros up to a multiple of <see cref="Group"/>.</summary>
    public ReadOnlySpan<int> Padded(int i) => weights.AsSpan(i * most, (counts[i] + Group - 1) / Group * Group);

    /// <param name="inputs">Samples of the input.</param>
    /// <param name="from">Left edge of the part that is resized.</param>
    /// <param name="to">Its right edge.</param>
    /// <param name="outputs">Samples of the output.</param>
    /// <param name="filter">The kernel.</param>
    public static ResizeWeights Make(int inputs, float from, float to, int outputs, ResizeFilter filter)
    {
        // The difference is rounded to single precision before the division, as in Pillow.
        double scale = (double)(to - from) / outputs, stretch = Math.Max(scale, 1.0);
        double support = Support(filter) * stretch, shrink = 1.0 / stretch;
        int most = Math.Min((int)Math.Ceiling(support) * 2 + 1, inputs);
        var result = new ResizeWeights(outputs, most);
        var exact = new double[most];
        for (int i = 0; i < outputs; i++)
        {
            double centre = from + (i + 0.5) * scale;
            int first = Math.Max((int)(centre - support + 0.5), 0);
            int count = Math.Min((int)(centre + support + 0.5), inputs) - first;
            double total = 0;
            for (int x = 0; x < count; x++)
                total += exact[x] = Kernel(filter, (x + first - centre + 0.5) * shrink);
            for (int x = 0; x < count; x++)
            {
                double weight = total != 0 ? exact[x] / total : exact[x];
                result.weights[i * result.most + x] = (int)((weight < 0 ? -0.5 : 0.5) + weight * (1 << Bits));
            }

            (result.firsts[i], result.counts[i]) = (first, count);
        }

        return result;
    }

    private static double Support(ResizeFilter filter) => filter switch
    {
        ResizeFilter.Bilinear => 1,
        ResizeFilter.Bicubic => 2,
        ResizeFilter.Box => 0.5,
        ResizeFilter.Lanczos => 3,
        _ => throw new ArgumentOutOfRangeException(nameof(filter), filter, "not a resize filter"),
    };

    private static double Kernel(ResizeFilter filter, double x)
    {
        switch (filter)
        {
            case ResizeFilter.Box:
                return x > -0.5 && x <= 0.5 ? 1 : 0;
            case ResizeFilter.Bilinear:
                x = Math.Abs(x);
                return x < 1 ? 1 - x : 0;
            case ResizeFilter.Bicubic:
                const double a = -0.5;
                x = Math.Abs(x);
                return x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
            default:
                return x >= -3 && x < 3 ? Sinc(x) * Sinc(x / 3) : 0;
        }
    }

    private static double Sinc(double x)
    {
        if (x == 0)
            return 1;
        x *= Math.PI;
        return Math.Sin(x) / x;
    }
}
