using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResNeSt.Kernels.Cpu;

/// <summary>4 lanes in a <see cref="Vector128"/>.</summary>
internal readonly unsafe struct Lanes128(Vector128<float> value) : ILanes<Lanes128>
{
    // Integral exponents of floats: biased by 127, above 23 bits of mantissa.
    private const int MantissaBits = 23;
    private const int Bias = 127;

    // √½ as bits: subtracting it before the exponent is cut off makes mantissas lie around one.
    private const int RootHalfBits = 0x3F3504F3;

    private readonly Vector128<float> _value = value;

    public static int Count => Vector128<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Broadcast(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(float* source) => new(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* destination) => _value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator +(Lanes128 left, Lanes128 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator -(Lanes128 left, Lanes128 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator *(Lanes128 left, Lanes128 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator /(Lanes128 left, Lanes128 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator -(Lanes128 value) => new(-value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator &(Lanes128 left, Lanes128 right) => new(left._value & right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator |(Lanes128 left, Lanes128 right) => new(left._value | right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MultiplyAdd(Lanes128 a, Lanes128 b, Lanes128 c) => new(Vector128.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Abs(Lanes128 value) => new(Vector128.Abs(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Sqrt(Lanes128 value) => new(Vector128.Sqrt(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Floor(Lanes128 value) => new(Vector128.Floor(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Round(Lanes128 value) => new(Vector128.Round(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Max(Lanes128 left, Lanes128 right) => new(Vector128.Max(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Min(Lanes128 left, Lanes128 right) => new(Vector128.Min(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 AtLeast(Lanes128 value, Lanes128 limit) => new(Vector128.MaxNative(limit._value, value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 AtMost(Lanes128 value, Lanes128 limit) => new(Vector128.MinNative(limit._value, value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Greater(Lanes128 left, Lanes128 right) => new(Vector128.GreaterThan(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Equal(Lanes128 left, Lanes128 right) => new(Vector128.Equals(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Select(Lanes128 mask, Lanes128 chosen, Lanes128 otherwise) =>
        new(Vector128.ConditionalSelect(mask._value, chosen._value, otherwise._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Evens(Lanes128 low, Lanes128 high) => new(Vector128.Create(Parted(low).GetLower(), Parted(high).GetLower()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Odds(Lanes128 low, Lanes128 high) => new(Vector128.Create(Parted(low).GetUpper(), Parted(high).GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInterleaved(Lanes128 evens, Lanes128 odds, float* destination)
    {
        var order = Vector128.Create(0, 2, 1, 3);
        Vector128.Shuffle(Vector128.Create(evens._value.GetLower(), odds._value.GetLower()), order).Store(destination);
        Vector128.Shuffle(Vector128.Create(evens._value.GetUpper(), odds._value.GetUpper()), order).Store(destination + Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Scale(Lanes128 value, Lanes128 exponent)
    {
        // Two factors, for 2^exponent itself may be no normal number. The first is a power of two that keeps the value normal.
        var whole = Vector128.ConvertToInt32Native(exponent._value);
        var half = Vector128.ShiftRightArithmetic(whole, 1);
        var first = Vector128.ShiftLeft(half + Vector128.Create(Bias), MantissaBits).AsSingle();
        var second = Vector128.ShiftLeft(whole - half + Vector128.Create(Bias), MantissaBits).AsSingle();
        return new(value._value * first * second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Split(Lanes128 value, out Lanes128 mantissa)
    {
        var bits = value._value.AsInt32();
        var exponent = Vector128.ShiftRightArithmetic(bits - Vector128.Create(RootHalfBits), MantissaBits);
        mantissa = new((bits - Vector128.ShiftLeft(exponent, MantissaBits)).AsSingle());
        return new(Vector128.ConvertToSingle(exponent));
    }

    public static Lanes128 PowerOfPositive(Lanes128 value, Lanes128 exponent)
    {
        var (lowValue, highValue) = Vector128.Widen(value._value);
        var (lowExponent, highExponent) = Vector128.Widen(exponent._value);
        return new(Vector128.Narrow(Vector128.Exp(lowExponent * Vector128.Log(lowValue)), Vector128.Exp(highExponent * Vector128.Log(highValue))));
    }

    // The even elements, then the odd ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Parted(Lanes128 lanes) => Vector128.Shuffle(lanes._value, Vector128.Create(0, 2, 1, 3));
}
