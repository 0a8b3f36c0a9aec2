using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <summary>How far a value may lie from the expected one: |actual - expected| ≤ Absolute + Relative·|expected| + Scaled·max|expected of the tensor|.</summary>
/// <remarks>Every comparison is written <c>!(difference &lt;= bound)</c>, so that NaN fails.</remarks>
/// <param name="Absolute">Allowed for a value near zero.</param>
/// <param name="Relative">Factor of the expected value.</param>
/// <param name="Scaled">Factor of the largest expected value: sums cancel, and their rounding errors are those of their terms.</param>
public readonly record struct Tolerance(double Absolute, double Relative, double Scaled = 0)
{
    /// <summary>Equal bits, or at least equal values.</summary>
    public static Tolerance Exact => default;

    /// <summary>The bound for inputs of magnitude one.</summary>
    /// <param name="dtype">The type under test: F16 and BF16 round each stored result, and accumulate in F32.</param>
    /// <param name="terms">Length of the longest sum; rounding errors grow like its root.</param>
    public static Tolerance For(DType dtype, int terms = 1)
    {
        double stored = UnitRoundoff(dtype);
        double accumulated = Math.Min(stored, UnitRoundoff(DType.F32));
        double growth = 4 * Math.Sqrt(Math.Max(terms, 1)) * accumulated;
        return new Tolerance(8 * stored + growth, 8 * stored, terms > 1 ? 4 * stored + growth : 0);
    }

    /// <summary>This tolerance times a factor.</summary>
    public static Tolerance operator *(Tolerance tolerance, double factor) =>
        new(tolerance.Absolute * factor, tolerance.Relative * factor, tolerance.Scaled * factor);

    /// <summary>Half the distance from one to the next larger value; zero for integers.</summary>
    public static double UnitRoundoff(DType dtype) => dtype switch
    {
        DType.F64 => Math.ScaleB(1, -53),
        DType.F32 => Math.ScaleB(1, -24),
        DType.F16 => Math.ScaleB(1, -11),
        DType.BF16 => Math.ScaleB(1, -8),
        _ => 0,
    };

    /// <summary>The largest difference allowed for one expected value.</summary>
    /// <param name="expected">The expected value.</param>
    /// <param name="scale">Largest magnitude of the expected tensor.</param>
    public double Bound(double expected, double scale) => Absolute + Relative * Math.Abs(expected) + Scaled * scale;
}
