using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
namespace ResNeSt.Kernels.Cpu;

/// <summary>16 lanes in a <see cref="Vector512"/>.</summary>
internal readonly unsafe struct Lanes512(Vector512<float> value) : ILanes<Lanes512>
{
    // Integral exponents of floats: biased by 127, above 23 bits of mantissa.
    private const int MantissaBits = 23;
    private const int Bias = 127;

    // √½ as bits: subtracting it before the exponent is cut off makes mantissas lie around one.
    private const int RootHalfBits = 0x3F3504F3;

    private readonly Vector512<float> _value = value;

    public static int Count => Vector512<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* destination) => _value.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator +(Lanes512 left, Lanes512 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator -(Lanes512 left, Lanes512 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator *(Lanes512 left, Lanes512 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator /(Lanes512 left, Lanes512 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator -(Lanes512 value) => new(-value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator &(Lanes512 left, Lanes512 right) => new(left._value & right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator |(Lanes512 left, Lanes512 right) => new(left._value | right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MultiplyAdd(Lanes512 a, Lanes512 b, Lanes512 c) => new(Vector512.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Abs(Lanes512 value) => new(Vector512.Abs(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Sqrt(Lanes512 value) => new(Vector512.Sqrt(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Floor(Lanes512 value) => new(Vector512.Floor(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Round(Lanes512 value) => new(Vector512.Round(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Max(Lanes512 left, Lanes512 right) => new(Vector512.Max(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Min(Lanes512 left, Lanes512 right) => new(Vector512.Min(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 AtLeast(Lanes512 value, Lanes512 limit) => new(Vector512.MaxNative(limit._value, value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 AtMost(Lanes512 value, Lanes512 limit) => new(Vector512.MinNative(limit._value, value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Greater(Lanes512 left, Lanes512 right) => new(Vector512.GreaterThan(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Equal(Lanes512 left, Lanes512 right) => new(Vector512.Equals(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Select(Lanes512 mask, Lanes512 chosen, Lanes512 otherwise) =>
        new(Vector512.ConditionalSelect(mask._value, chosen._value, otherwise._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Evens(Lanes512 low, Lanes512 high) => new(Vector512.Create(Parted(low).GetLower(), Parted(high).GetLower()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Odds(Lanes512 low, Lanes512 high) => new(Vector512.Create(Parted(low).GetUpper(), Parted(high).GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInterleaved(Lanes512 evens, Lanes512 odds, float* destination)
    {
        var order = Vector512.Create(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
        Vector512.Shuffle(Vector512.Create(evens._value.GetLower(), odds._value.GetLower()), order).Store(destination);
        Vector512.Shuffle(Vector512.Create(evens._value.GetUpper(), odds._value.GetUpper()), order).Store(destination + Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Scale(Lanes512 value, Lanes512 exponent)
    {
        if (Avx512F.IsSupported)
            return new(Avx512F.Scale(value._value, exponent._value));
        // Two factors, for 2^exponent itself may be no normal number. The first is a power of two that keeps the value normal.
        var whole = Vector512.ConvertToInt32Native(exponent._value);
        var half = Vector512.ShiftRightArithmetic(whole, 1);
        var first = Vector512.ShiftLeft(half + Vector512.Create(Bias), MantissaBits).AsSingle();
        var second = Vector512.ShiftLeft(whole - half + Vector512.Create(Bias), MantissaBits).AsSingle();
        return new(value._value * first * second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Split(Lanes512 value, out Lanes512 mantissa)
    {
        var bits = value._value.AsInt32();
        var exponent = Vector512.ShiftRightArithmetic(bits - Vector512.Create(RootHalfBits), MantissaBits);
        mantissa = new((bits - Vector512.ShiftLeft(exponent, MantissaBits)).AsSingle());
        return new(Vector512.ConvertToSingle(exponent));
    }

    public static Lanes512 PowerOfPositive(Lanes512 value, Lanes512 exponent)
    {
        var (lowValue, highValue) = Vector512.Widen(value._value);
        var (lowExponent, highExponent) = Vector512.Widen(exponent._value);
        return new(Vector512.Narrow(Vector512.Exp(lowExponent * Vector512.Log(lowValue)), Vector512.Exp(highExponent * Vector512.Log(highValue))));
    }

    // The even elements, then the odd ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Parted(Lanes512 lanes) => Vector512.Shuffle(lanes._value, Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15));
}
