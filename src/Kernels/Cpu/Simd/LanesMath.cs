using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Elementary functions on lanes. Worst errors over all F32 inputs, against double: see the tests of this class.</summary>
/// <remarks>Polynomials: S. Moshier, Cephes mathematical library (single precision), netlib.org/cephes.</remarks>
internal static class LanesMath
{
    /// <summary>Exponential function.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Exp<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>
    {
        // Beyond these the result is 0 or ∞ anyway; within, the exponent stays in the range of Scale. NaN passes through.
        x = TLanes.AtMost(TLanes.AtLeast(x, TLanes.Broadcast(-105)), TLanes.Broadcast(90));
        // x = n · ln 2 + r with |r| ≤ ln 2 / 2; ln 2 in two parts keeps r exact.
        var n = TLanes.Round(x * TLanes.Broadcast(1.44269504f));
        var r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-0.693359375f), x);
        r = TLanes.MultiplyAdd(n, TLanes.Broadcast(2.12194440e-4f), r);
        var p = TLanes.Broadcast(1.9875691500e-4f);
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1.3981999507e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(8.3334519073e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(4.1665795894e-2f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1.6666665459e-1f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(5.0000001201e-1f));
        p = TLanes.MultiplyAdd(p, r * r, r) + TLanes.Broadcast(1);
        return TLanes.Scale(p, n);
    }

    /// <summary>Natural logarithm.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Log<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>
    {
        var zero = TLanes.Broadcast(0);
        // Subnormal values are made normal first.
        var tiny = TLanes.Greater(TLanes.Broadcast(1.17549435e-38f), x);
        var normal = TLanes.Select(tiny, x * TLanes.Broadcast(8388608), x);
        var e = TLanes.Split(normal, out var m) - (tiny & TLanes.Broadcast(23));
        var f = m - TLanes.Broadcast(1);
        var p = TLanes.Broadcast(7.0376836292e-2f);
        p = TLanes.MultiplyAdd(p, f, TLanes.Broadcast(-1.1514610310e-1f));
        p = TLanes.MultiplyAdd(p, f, TLanes.Broadcast(1.1676998740e-1f));
        p = TLanes.MultiplyAdd(p, f, TLanes.Broadcast(-1.2420140846e-1f));
        p = TLanes.MultiplyAdd(p, f, TLanes.Broadcast(1.4249322787e-1f));
        p = TLanes.MultiplyAdd(p, f, TLanes.Broadcast(-1.6668057665e-1f));
        p = TLanes.MultiplyAdd(p, f, TLanes.Broadcast(2.0000714765e-1f));
        p = TLanes.MultiplyAdd(p, f, TLanes.Broadcast(-2.4999993993e-1f));
        p = TLanes.MultiplyAdd(p, f, TLanes.Broadcast(3.3333331174e-1f));
        var square = f * f;
        var y = p * f * square;
        y = TLanes.MultiplyAdd(e, TLanes.Broadcast(-2.12194440e-4f), y);
        y = TLanes.MultiplyAdd(square, TLanes.Broadcast(-0.5f), y);
        y = TLanes.MultiplyAdd(e, TLanes.Broadcast(0.693359375f), f + y);
        // log 0 = -∞, log ∞ = ∞; below zero and for NaN the quotient of zeros is NaN.
        var infinity = TLanes.Broadcast(float.PositiveInfinity);
        y = TLanes.Select(TLanes.Equal(x, infinity), infinity, y);
        y = TLanes.Select(TLanes.Equal(x, zero), -infinity, y);
        var valid = TLanes.Greater(x, zero) | TLanes.Equal(x, zero);
        return TLanes.Select(valid, y, TLanes.Broadcast(float.NaN));
    }

    /// <summary>1 / (1 + exp(-x)), without overflow on either side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Sigmoid<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>
    {
        var one = TLanes.Broadcast(1);
        var e = Exp(-TLanes.Abs(x));
        return TLanes.Select(TLanes.Greater(TLanes.Broadcast(0), x), e, one) / (one + e);
    }

    /// <summary>Hyperbolic tangent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Tanh<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>
    {
        var one = TLanes.Broadcast(1);
        var magnitude = TLanes.Abs(x);
        var square = x * x;
        var p = TLanes.Broadcast(-5.70498872745e-3f);
        p = TLanes.MultiplyAdd(p, square, TLanes.Broadcast(2.06390887954e-2f));
        p = TLanes.MultiplyAdd(p, square, TLanes.Broadcast(-5.37397155531e-2f));
        p = TLanes.MultiplyAdd(p, square, TLanes.Broadcast(1.33314422036e-1f));
        p = TLanes.MultiplyAdd(p, square, TLanes.Broadcast(-3.33332819422e-1f));
        var near = TLanes.MultiplyAdd(p * square, x, x);
        var far = one - TLanes.Broadcast(2) / (Exp(magnitude + magnitude) + one);
        far = TLanes.Select(TLanes.Greater(TLanes.Broadcast(0), x), -far, far);
        return TLanes.Select(TLanes.Greater(TLanes.Broadcast(0.625f), magnitude), near, far);
    }

    /// <summary>x to the y, by the rules of C's <c>pow</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Power<TLanes>(TLanes x, TLanes y)
        where TLanes : struct, ILanes<TLanes>
    {
        var (zero, one) = (TLanes.Broadcast(0), TLanes.Broadcast(1));
        var infinity = TLanes.Broadcast(float.PositiveInfinity);
        var magnitude = TLanes.Abs(x);
        var power = TLanes.PowerOfPositive(magnitude, y);
        // Negative bases: an odd exponent changes the sign, a fraction has no real power. Every float above 2^24 is even.
        var half = y * TLanes.Broadcast(0.5f);
        var integral = TLanes.Equal(TLanes.Floor(y), y);
        var even = TLanes.Equal(TLanes.Floor(half), half);
        var negated = TLanes.Select(even, power, -power);
        // 1 / x is negative for -0 too.
        var negative = TLanes.Greater(zero, one / x) | TLanes.Equal(x, -infinity);
        var fraction = TLanes.Select(TLanes.Equal(magnitude, zero) | TLanes.Equal(magnitude, infinity), power, TLanes.Broadcast(float.NaN));
        var result = TLanes.Select(negative, TLanes.Select(integral, negated, fraction), power);
        // One to any power and anything to the power of zero is one, NaN or not; so is -1 to the power of ±∞.
        var unit = TLanes.Equal(x, one) | TLanes.Equal(y, zero);
        unit |= TLanes.Equal(magnitude, one) & TLanes.Equal(TLanes.Abs(y), infinity);
        return TLanes.Select(unit, one, result);
    }
}
