using ResNeSt.Tensors;

namespace ResNeSt.Models.Tests;

/// <summary>Bounds of the comparisons with numbers of the published implementations, for F32 and for the double reference.</summary>
internal static class GoldenTolerance
{
    /// <summary>Outputs and running statistics, element by element.</summary>
    public static void CheckValues(string what, ReadOnlySpan<double> actual, double[] known, double norm, DType dtype, List<string> failures)
    {
        double bound = dtype == DType.F64 ? 1e-8 * Math.Max(1, norm) : 1e-4;
        CheckWithin(what, actual, known, bound, failures);
    }

    /// <summary>Gradients, element by element.</summary>
    public static void CheckGradient(string what, ReadOnlySpan<double> actual, double[] known, double norm, DType dtype, List<string> failures)
    {
        double bound = (dtype == DType.F64 ? 1e-8 : 1e-3) * Math.Max(1, norm);
        CheckWithin(what, actual, known, bound, failures);
    }

    /// <summary>A Euclidean norm.</summary>
    public static void CheckNorm(string what, ReadOnlySpan<double> actual, double known, double relative, double absolute, List<string> failures)
    {
        double norm = Norm(actual);
        double difference = Math.Abs(norm - known);
        if (!(difference <= Math.Max(relative * known, absolute)))
            failures.Add($"{what}: norm {norm:g9}, known {known:g9}");
    }

    public static double Norm(ReadOnlySpan<double> values)
    {
        double squares = 0;
        foreach (double value in values)
            squares += value * value;
        return Math.Sqrt(squares);
    }

    private static void CheckWithin(string what, ReadOnlySpan<double> actual, double[] known, double bound, List<string> failures)
    {
        for (int i = 0; i < known.Length; i++)
        {
            double difference = Math.Abs(actual[i] - known[i]);
            if (!(difference <= bound))
            {
                failures.Add($"{what}[{i}]: {actual[i]:g9}, known {known[i]:g9}, bound {bound:g2}");
                return;
            }
        }
    }
}
