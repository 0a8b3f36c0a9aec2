using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResNeSt.Kernels.Cpu;

/// <summary>8 lanes in a <see cref="Vector256"/>.</summary>
internal readonly unsafe struct Lanes256(Vector256<float> value) : ILanes<Lanes256>
{
    // Integral exponents of floats: biased by 127, above 23 bits of mantissa.
    private const int MantissaBits = 23;
    private const int Bias = 127;

    // √½ as bits: subtracting it before the exponent is cut off makes mantissas lie around one.
    private const int RootHalfBits = 0x3F3504F3;

    private readonly Vector256<float> _value = value;

    public static int Count => Vector256<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Broadcast(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* destination) => _value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator +(Lanes256 left, Lanes256 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 left, Lanes256 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator *(Lanes256 left, Lanes256 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator /(Lanes256 left, Lanes256 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 value) => new(-value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator &(Lanes256 left, Lanes256 right) => new(left._value & right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator |(Lanes256 left, Lanes256 right) => new(left._value | right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MultiplyAdd(Lanes256 a, Lanes256 b, Lanes256 c) => new(Vector256.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Abs(Lanes256 value) => new(Vector256.Abs(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Sqrt(Lanes256 value) => new(Vector256.Sqrt(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Floor(Lanes256 value) => new(Vector256.Floor(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Round(Lanes256 value) => new(Vector256.Round(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Max(Lanes256 left, Lanes256 right) => new(Vector256.Max(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Min(Lanes256 left, Lanes256 right) => new(Vector256.Min(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 AtLeast(Lanes256 value, Lanes256 limit) => new(Vector256.MaxNative(limit._value, value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 AtMost(Lanes256 value, Lanes256 limit) => new(Vector256.MinNative(limit._value, value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Greater(Lanes256 left, Lanes256 right) => new(Vector256.GreaterThan(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Equal(Lanes256 left, Lanes256 right) => new(Vector256.Equals(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Select(Lanes256 mask, Lanes256 chosen, Lanes256 otherwise) =>
        new(Vector256.ConditionalSelect(mask._value, chosen._value, otherwise._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Evens(Lanes256 low, Lanes256 high) => new(Vector256.Create(Parted(low).GetLower(), Parted(high).GetLower()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Odds(Lanes256 low, Lanes256 high) => new(Vector256.Create(Parted(low).GetUpper(), Parted(high).GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInterleaved(Lanes256 evens, Lanes256 odds, float* destination)
    {
        var order = Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7);
        Vector256.Shuffle(Vector256.Create(evens._value.GetLower(), odds._value.GetLower()), order).Store(destination);
        Vector256.Shuffle(Vector256.Create(evens._value.GetUpper(), odds._value.GetUpper()), order).Store(destination + Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Scale(Lanes256 value, Lanes256 exponent)
    {
        // Two factors, for 2^exponent itself may be no normal number. The first is a power of two that keeps the value normal.
        var whole = Vector256.ConvertToInt32Native(exponent._value);
        var half = Vector256.ShiftRightArithmetic(whole, 1);
        var first = Vector256.ShiftLeft(half + Vector256.Create(Bias), MantissaBits).AsSingle();
        var second = Vector256.ShiftLeft(whole - half + Vector256.Create(Bias), MantissaBits).AsSingle();
        return new(value._value * first * second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Split(Lanes256 value, out Lanes256 mantissa)
    {
        var bits = value._value.AsInt32();
        var exponent = Vector256.ShiftRightArithmetic(bits - Vector256.Create(RootHalfBits), MantissaBits);
        mantissa = new((bits - Vector256.ShiftLeft(exponent, MantissaBits)).AsSingle());
        return new(Vector256.ConvertToSingle(exponent));
    }

    public static Lanes256 PowerOfPositive(Lanes256 value, Lanes256 exponent)
    {
        var (lowValue, highValue) = Vector256.Widen(value._value);
        var (lowExponent, highExponent) = Vector256.Widen(exponent._value);
        return new(Vector256.Narrow(Vector256.Exp(lowExponent * Vector256.Log(lowValue)), Vector256.Exp(highExponent * Vector256.Log(highValue))));
    }

    // The even elements, then the odd ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Parted(Lanes256 lanes) => Vector256.Shuffle(lanes._value, Vector256.Create(0, 2, 4, 6, 1, 3, 5, 7));
}
