using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Functions from additions and multiplications alone: accurate to a few units in the last place and the same on every device.</summary>
/// <remarks>ILGPU maps Exp and Log to the approximate instructions ex2 and lg2, whose errors grow with the argument, and other devices
/// have yet other errors. These functions stand in kernels that wait for memory, where a dozen more operations cost nothing.</remarks>
internal static class GpuMath
{
    private const float Log2E = 1.44269504f;

    // ln 2 in two parts; the first has few bits, so that its product with a small integer is exact.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    /// <summary>e^x. Coefficients: Cephes, expf.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Exp(float x)
    {
        float bounded = IntrinsicMath.Min(IntrinsicMath.Max(x, -104f), 89f);
        float n = Round(bounded * Log2E);
        float r = bounded - n * Ln2High - n * Ln2Low;
        float p = 1.9875691500e-4f;
        p = p * r + 1.3981999507e-3f;
        p = p * r + 8.3334519073e-3f;
        p = p * r + 4.1665795894e-2f;
        p = p * r + 1.6666665459e-1f;
        p = p * r + 5.0000001201e-1f;
        float result = p * r * r + r + 1;
        // In two factors: the power itself may lie beyond the range where the result does not.
        int k = (int)n;
        int half = k / 2;
        result = result * PowerOfTwo(half) * PowerOfTwo(k - half);
        return Utilities.Select(IsNaN(x), x, result);
    }

    /// <summary>Natural logarithm. Coefficients: Cephes, logf.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Log(float x)
    {
        // Subnormal numbers are brought into range first.
        bool tiny = x < 1.17549435e-38f;
        float scaled = Utilities.Select(tiny, x * 8388608f, x);
        uint bits = Interop.FloatAsInt(scaled);
        int exponent = (int)(bits >> 23) - 126;
        float m = Interop.IntAsFloat(bits & 0x007FFFFFu | 0x3F000000u);
        bool low = m < 0.707106781f;
        exponent = Utilities.Select(low, exponent - 1, exponent) - Utilities.Select(tiny, 23, 0);
        m = Utilities.Select(low, m + m, m) - 1;
        float z = m * m;
        float p = 7.0376836292e-2f;
        p = p * m - 1.1514610310e-1f;
        p = p * m + 1.1676998740e-1f;
        p = p * m - 1.2420140846e-1f;
        p = p * m + 1.4249322787e-1f;
        p = p * m - 1.6668057665e-1f;
        p = p * m + 2.0000714765e-1f;
        p = p * m - 2.4999993993e-1f;
        p = p * m + 3.3333331174e-1f;
        float e = exponent;
        float result = m * z * p + e * Ln2Low - 0.5f * z + m + e * Ln2High;
        result = Utilities.Select(x > 3.4e38f, Utilities.Select(x > 3.40282347e38f, x, result), result);
        result = Utilities.Select(x == 0, float.NegativeInfinity, result);
        return Utilities.Select(x >= 0, result, float.NaN);
    }

    /// <summary>1 / (1 + e^-x), without overflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sigmoid(float x)
    {
        float e = Exp(-Abs(x));
        float tail = e / (1 + e);
        return Utilities.Select(x >= 0, 1 / (1 + e), tail);
    }

    /// <summary>Hyperbolic tangent; by its series near zero, where the quotient would cancel. Coefficients: Cephes, tanhf.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Tanh(float x)
    {
        float z = x * x;
        float p = -5.70498872745e-3f;
        p = p * z + 2.06390887954e-2f;
        p = p * z - 5.37397155531e-2f;
        p = p * z + 1.33314422036e-1f;
        p = p * z - 3.33332819422e-1f;
        float near = p * z * x + x;
        float e = Exp(-2 * Abs(x));
        float far = (1 - e) / (1 + e);
        return Utilities.Select(Abs(x) < 0.625f, near, Utilities.Select(x < 0, -far, far));
    }

    /// <summary>a^b with the conventions of IEEE 754; through logarithm and power in double, because a rounding error of the logarithm
    /// is multiplied by b.</summary>
    public static float Power(float a, float b)
    {
        if (b == 0 || a == 1)
            return 1;
        if (IsNaN(a) || IsNaN(b))
            return float.NaN;
        bool integer = Floor(b) == b;
        bool odd = integer && Abs(b) < 16777216f && ((int)b & 1) != 0;
        float sign = a < 0 && odd ? -1 : 1;
        float size = Abs(a);
        if (a < 0 && !integer && size <= float.MaxValue)
            return float.NaN;
        if (size == 0)
            return b > 0 ? (odd ? a : 0) : (odd && 1 / a < 0 ? float.NegativeInfinity : float.PositiveInfinity);
        if (size > float.MaxValue)
            return b > 0 ? sign * float.PositiveInfinity : 0;
        if (Abs(b) > float.MaxValue)
            return size == 1 ? 1 : (size > 1) == (b > 0) ? float.PositiveInfinity : 0;

        double exponent = b * Log2InDouble(size);
        if (exponent > 129)
            return sign * float.PositiveInfinity;
        if (exponent < -151)
            return 0;
        return sign * Exp2InDouble(exponent);
    }

    /// <summary>The largest integer that is not above x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Floor(float x)
    {
        // From 2^23 on every float is an integer, and the conversion below may leave the range of int.
        float truncated = (int)Utilities.Select(Abs(x) < 8388608f, x, 0f);
        float floor = Utilities.Select(truncated > x, truncated - 1, truncated);
        return Utilities.Select(Abs(x) < 8388608f, floor, x);
    }

    /// <summary>|x|.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Abs(float x) => Interop.IntAsFloat(Interop.FloatAsInt(x) & 0x7FFFFFFFu);

    /// <summary>Asked of the bits: compilers like to take x == x for granted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsNaN(float x) => (Interop.FloatAsInt(x) & 0x7FFFFFFFu) > 0x7F800000u;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Round(float x) => Floor(x + 0.5f);

    /// <summary>2^n for -126 ≤ n ≤ 127.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float PowerOfTwo(int n) => Interop.IntAsFloat((uint)(n + 127) << 23);

    /// <summary>log2 x = e + 2 / ln 2 · artanh((m - 1) / (m + 1)) for positive finite x, to about 1e-13.</summary>
    private static double Log2InDouble(float x)
    {
        float scaled = x < 1.17549435e-38f ? x * 8388608f : x;
        uint bits = Interop.FloatAsInt(scaled);
        int exponent = (int)(bits >> 23) - 127 - (x < 1.17549435e-38f ? 23 : 0);
        double m = Interop.IntAsFloat(bits & 0x007FFFFFu | 0x3F800000u);
        if (m > 1.4142135623730951)
        {
            m *= 0.5;
            exponent++;
        }

        double s = (m - 1) / (m + 1);
        double z = s * s;
        double p = 1.0 / 15;
        p = p * z + 1.0 / 13;
        p = p * z + 1.0 / 11;
        p = p * z + 1.0 / 9;
        p = p * z + 1.0 / 7;
        p = p * z + 1.0 / 5;
        p = p * z + 1.0 / 3;
        p = p * z + 1;
        return exponent + 2.8853900817779268 * s * p;
    }

    private static float Exp2InDouble(double x)
    {
        int n = (int)(x + (x < 0 ? -0.5 : 0.5));
        double r = (x - n) * 0.6931471805599453;
        double p = 1.0 / 40320;
        p = p * r + 1.0 / 5040;
        p = p * r + 1.0 / 720;
        p = p * r + 1.0 / 120;
        p = p * r + 1.0 / 24;
        p = p * r + 1.0 / 6;
        p = p * r + 0.5;
        p = p * r + 1;
        p = p * r + 1;
        int half = n / 2;
        return (float)(p * PowerOfTwo(half) * PowerOfTwo(n - half));
    }
}
