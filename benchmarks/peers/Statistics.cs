namespace ResNeSt.Peers;

/// <summary>Median and quartiles: means are worth nothing on a machine that others use too.</summary>
internal readonly record struct Statistics(double Lower, double Median, double Upper, double Least)
{
    public static Statistics Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0)
            throw new ArgumentException("no values", nameof(values));
        return new Statistics(At(sorted, 0.25), At(sorted, 0.5), At(sorted, 0.75), sorted[0]);
    }

    private static double At(double[] sorted, double part)
    {
        double place = part * (sorted.Length - 1);
        int below = (int)place;
        return below + 1 == sorted.Length ? sorted[below] : sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]);
    }
}
