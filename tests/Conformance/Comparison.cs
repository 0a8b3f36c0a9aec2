using System.Globalization;

namespace ResNeSt.Conformance;

/// <summary>Compares arrays of values and says in one line how they differ.</summary>
public static class Comparison
{
    /// <summary>Null if every element lies within the tolerance, else one line about the worst.</summary>
    /// <param name="expected">The right values.</param>
    /// <param name="actual">The values under test.</param>
    /// <param name="tolerance">How far they may lie apart.</param>
    /// <param name="nanIsAValue">Where NaN is expected, demand NaN; otherwise an expected NaN is a failure as well.</param>
    public static string? Difference(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, Tolerance tolerance, bool nanIsAValue = false)
    {
        if (expected.Length != actual.Length)
            return $"{actual.Length} elements instead of {expected.Length}";
        double scale = Scale(expected);
        int failures = 0, worst = -1;
        double worstRatio = -1;
        for (int i = 0; i < expected.Length; i++)
        {
            if (IsWithin(expected[i], actual[i], tolerance.Bound(expected[i], scale), nanIsAValue))
                continue;
            failures++;
            double ratio = Math.Abs(actual[i] - expected[i]);
            if (double.IsNaN(ratio))
                ratio = double.PositiveInfinity;
            if (ratio > worstRatio)
                (worst, worstRatio) = (i, ratio);
        }

        return failures == 0
            ? null
            : string.Create(CultureInfo.InvariantCulture,
                $"{failures} of {expected.Length} elements differ, worst at {worst}: {actual[worst]:G9} instead of {expected[worst]:G9}, allowed difference {tolerance.Bound(expected[worst], scale):E1}");
    }

    /// <summary>Null if all values have equal bits, else one line about the first that differ.</summary>
    public static string? BitDifference(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual)
    {
        if (expected.Length != actual.Length)
            return $"{actual.Length} elements instead of {expected.Length}";
        for (int i = 0; i < expected.Length; i++)
        {
            if (BitConverter.DoubleToInt64Bits(expected[i]) != BitConverter.DoubleToInt64Bits(actual[i]))
                return string.Create(CultureInfo.InvariantCulture, $"bits differ at {i} of {expected.Length}: {actual[i]:R} instead of {expected[i]:R}");
        }

        return null;
    }

    /// <summary>The largest difference, as a fraction of the largest expected magnitude or of one, whichever is larger; NaN counts as infinite,
    /// except where it is expected and <paramref name="nanIsAValue"/>.</summary>
    public static double WorstError(ReadOnlySpan<double> expected, ReadOnlySpan<double> actual, bool nanIsAValue = false)
    {
        double scale = Math.Max(1, Scale(expected)), worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            bool same = expected[i] == actual[i] || (nanIsAValue && double.IsNaN(expected[i]) && double.IsNaN(actual[i]));
            double error = same ? 0 : Math.Abs(actual[i] - expected[i]) / scale;
            if (!(error <= worst))
                worst = double.IsNaN(error) ? double.PositiveInfinity : error;
        }

        return worst;
    }

    private static bool IsWithin(double expected, double actual, double bound, bool nanIsAValue)
    {
        // Equal infinities have no difference.
        if (expected == actual)
            return true;
        if (double.IsNaN(expected))
            return nanIsAValue && double.IsNaN(actual);
        return !double.IsInfinity(expected) && !double.IsNaN(bound) && Math.Abs(actual - expected) <= bound;
    }

    private static double Scale(ReadOnlySpan<double> values)
    {
        double scale = 0;
        foreach (double value in values)
        {
            if (double.IsFinite(value))
                scale = Math.Max(scale, Math.Abs(value));
        }

        return scale;
    }
}
