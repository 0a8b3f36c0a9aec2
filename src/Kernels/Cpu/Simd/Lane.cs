using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A single lane: the path of processors without vectors.</summary>
internal readonly unsafe struct Lane(float value) : ILanes<Lane>
{
    private readonly float _value = value;

    public static int Count => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane Broadcast(float value) => new(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane Load(float* source) => new(*source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* destination) => *destination = _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane operator +(Lane left, Lane right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane operator -(Lane left, Lane right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane operator *(Lane left, Lane right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane operator /(Lane left, Lane right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane operator -(Lane value) => new(-value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane operator &(Lane left, Lane right) => FromBits(left.Bits & right.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane operator |(Lane left, Lane right) => FromBits(left.Bits | right.Bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane MultiplyAdd(Lane a, Lane b, Lane c) => new(float.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane Abs(Lane value) => new(Math.Abs(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane Sqrt(Lane value) => new(MathF.Sqrt(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane Floor(Lane value) => new(MathF.Floor(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane Round(Lane value) => new(MathF.Round(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane Max(Lane left, Lane right) => new(Math.Max(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane Min(Lane left, Lane right) => new(Math.Min(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane AtLeast(Lane value, Lane limit) => limit._value > value._value ? limit : value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane AtMost(Lane value, Lane limit) => limit._value < value._value ? limit : value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane Greater(Lane left, Lane right) => FromBits(left._value > right._value ? -1 : 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane Equal(Lane left, Lane right) => FromBits(left._value == right._value ? -1 : 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane Select(Lane mask, Lane chosen, Lane otherwise) => FromBits((mask.Bits & chosen.Bits) | (~mask.Bits & otherwise.Bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane Evens(Lane low, Lane high) => low;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane Odds(Lane low, Lane high) => high;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInterleaved(Lane evens, Lane odds, float* destination)
    {
        destination[0] = evens._value;
        destination[1] = odds._value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lane Scale(Lane value, Lane exponent) => new(MathF.ScaleB(value._value, (int)exponent._value));

    public static Lane Split(Lane value, out Lane mantissa)
    {
        // As in the vectors: bits of √½ first, so that mantissas lie around one.
        int exponent = (value.Bits - 0x3F3504F3) >> 23;
        mantissa = FromBits(value.Bits - (exponent << 23));
        return new(exponent);
    }

    public static Lane PowerOfPositive(Lane value, Lane exponent) => new((float)Math.Exp(exponent._value * Math.Log(value._value)));

    private int Bits => BitConverter.SingleToInt32Bits(_value);

    private static Lane FromBits(int bits) => new(BitConverter.Int32BitsToSingle(bits));
}
