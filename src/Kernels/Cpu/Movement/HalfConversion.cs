using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ResNeSt.Kernels.Cpu;

/// <summary>IEEE half precision to and from F32: rounding to nearest, ties to even; subnormals, infinities and NaN included.</summary>
/// <remarks>.NET offers no F16C instructions, so the vectors do it by integer and F32 arithmetic.</remarks>
internal static unsafe class HalfConversion
{
    private const uint SignBit = 0x80000000;

    // 2^-14, below which halves are subnormal, and 65520, from which values round to infinity, as bits of F32.
    private const uint SmallestNormal = 0x38800000;
    private const uint Overflow = 0x477FF000;
    private const uint InfinityBits = 0x7F800000;

    /// <summary>Rounds to halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FromSingle(float* x, ushort* y, int count)
    {
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= count - 16; i += 16)
                Vector256.Narrow(Round(Vector256.Load(x + i)), Round(Vector256.Load(x + i + 8))).Store(y + i);
        }

        for (; i < count; i++)
            y[i] = BitConverter.HalfToUInt16Bits((Half)x[i]);
    }

    /// <summary>Widens exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToSingle(ushort* x, float* y, int count)
    {
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= count - 16; i += 16)
            {
                var (low, high) = Vector256.Widen(Vector256.Load(x + i));
                Widen(low).Store(y + i);
                Widen(high).Store(y + i + 8);
            }
        }

        for (; i < count; i++)
            y[i] = (float)BitConverter.UInt16BitsToHalf(x[i]);
    }

    private static Vector256<uint> Round(Vector256<float> value)
    {
        var bits = value.AsUInt32();
        var sign = bits & Vector256.Create(SignBit);
        var magnitude = bits ^ sign;
        // Normal: rebias the exponent from 127 to 15 and round at bit 13.
        var odd = Vector256.ShiftRightLogical(magnitude, 13) & Vector256.Create(1u);
        var normal = Vector256.ShiftRightLogical(magnitude - Vector256.Create(112u << 23) + Vector256.Create(0xFFFu) + odd, 13);
        // Subnormal: adding 1/2 makes the F32 adder round at bit 2^-24, the unit of subnormal halves.
        var shifted = magnitude.AsSingle() + Vector256.Create(0.5f);
        var subnormal = shifted.AsUInt32() - Vector256.Create(0x3F000000u);
        var result = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(SmallestNormal)), subnormal, normal);
        result = Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(Overflow)), Vector256.Create(0x7C00u), result);
        // NaN keeps its upper bits and becomes quiet.
        var nan = Vector256.Create(0x7E00u) | (Vector256.ShiftRightLogical(magnitude, 13) & Vector256.Create(0x3FFu));
        result = Vector256.ConditionalSelect(Vector256.GreaterThan(magnitude, Vector256.Create(InfinityBits)), nan, result);
        return result | Vector256.ShiftRightLogical(sign, 16);
    }

    private static Vector256<float> Widen(Vector256<uint> half)
    {
        var sign = Vector256.ShiftLeft(half & Vector256.Create(0x8000u), 16);
        var magnitude = Vector256.ShiftLeft(half & Vector256.Create(0x7FFFu), 13);
        // A product with 2^112 rebiases normal and subnormal halves alike; infinities and NaN get the largest exponent.
        var finite = (magnitude.AsSingle() * Vector256.Create(5.192296858534828e33f)).AsUInt32();
        var special = magnitude | Vector256.Create(InfinityBits);
        var isSpecial = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(0x7C00u << 13));
        return (Vector256.ConditionalSelect(isSpecial, special, finite) | sign).AsSingle();
    }
}
