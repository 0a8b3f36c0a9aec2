using System.Runtime.CompilerServices;
using ILGPU;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>IEEE 754 half precision in 16 bits.</summary>
internal static class HalfBits
{
    /// <summary>The value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort half)
    {
        uint sign = (uint)(half & 0x8000) << 16;
        uint magnitude = (uint)(half & 0x7FFF);
        // The exponent is moved to its new place and its bias corrected by a multiplication, which also brings subnormal numbers into range.
        float value = Interop.IntAsFloat(magnitude << 13) * Interop.IntAsFloat((254u - 15) << 23);
        if (magnitude >= 0x7C00)
            value = Interop.IntAsFloat(magnitude << 13 | 0x7F800000u);
        return Interop.IntAsFloat(Interop.FloatAsInt(value) | sign);
    }

    /// <summary>The nearest half, ties to even.</summary>
    public static ushort FromSingle(float value)
    {
        uint bits = Interop.FloatAsInt(value);
        uint sign = bits >> 16 & 0x8000u;
        bits &= 0x7FFFFFFFu;
        uint half;
        if (bits > 0x7F800000u)
            half = 0x7E00;
        else if (bits >= 0x47800000u)
            half = 0x7C00;
        else if (bits < 0x38800000u)
        {
            // Subnormal: adding one half of the last place's weight lets the addition itself round.
            half = Interop.FloatAsInt(Interop.IntAsFloat(bits) + 0.5f) - 0x3F000000u;
        }
        else
            half = bits + 0xFFFu + (bits >> 13 & 1) - 0x38000000u >> 13;
        return (ushort)(sign | half);
    }

    /// <summary>A float that rounds to any shorter type as the double itself would: cut toward zero, with the last bit set if anything was lost.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToOddSingle(double value)
    {
        float single = (float)value;
        if (single == value || GpuMath.IsNaN(single))
            return single;
        uint bits = Interop.FloatAsInt(single);
        double size = value < 0 ? -value : value;
        double rounded = single < 0 ? -(double)single : single;
        if (rounded > size)
            bits--;
        return Interop.IntAsFloat(bits | 1);
    }
}

/// <summary>bfloat16: the upper half of a float.</summary>
internal static class BrainBits
{
    /// <summary>The value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(ushort brain) => Interop.IntAsFloat((uint)brain << 16);

    /// <summary>The nearest bfloat16, ties to even; NaN stays a quiet NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort FromSingle(float value)
    {
        uint bits = Interop.FloatAsInt(value);
        if (GpuMath.IsNaN(value))
            return (ushort)(bits >> 16 | 0x40);
        return (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);
    }
}
