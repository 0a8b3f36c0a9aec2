using System.Runtime.InteropServices;

namespace ResNeSt.Tensors;

/// <summary>Converts packed elements of any type to and from doubles. Every rounding is to nearest, ties to even.</summary>
public static class ElementConversion
{
    /// <summary>Reads packed elements as doubles; I64 beyond 2^53 rounds.</summary>
    /// <param name="source">Packed little-endian elements.</param>
    /// <param name="dtype">Their type.</param>
    /// <param name="destination">One double per element.</param>
    public static void ToDoubles(ReadOnlySpan<byte> source, DType dtype, Span<double> destination)
    {
        switch (dtype)
        {
            case DType.F64:
                MemoryMarshal.Cast<byte, double>(source).CopyTo(destination);
                break;
            case DType.F32:
                var singles = MemoryMarshal.Cast<byte, float>(source);
                for (int i = 0; i < singles.Length; i++)
                    destination[i] = singles[i];
                break;
            case DType.F16:
                var halves = MemoryMarshal.Cast<byte, Half>(source);
                for (int i = 0; i < halves.Length; i++)
                    destination[i] = (double)halves[i];
                break;
            case DType.BF16:
                var brains = MemoryMarshal.Cast<byte, ushort>(source);
                for (int i = 0; i < brains.Length; i++)
                    destination[i] = BrainToSingle(brains[i]);
                break;
            case DType.I32:
                var ints = MemoryMarshal.Cast<byte, int>(source);
                for (int i = 0; i < ints.Length; i++)
                    destination[i] = ints[i];
                break;
            case DType.I64:
                var longs = MemoryMarshal.Cast<byte, long>(source);
                for (int i = 0; i < longs.Length; i++)
                    destination[i] = longs[i];
                break;
            case DType.U8:
                for (int i = 0; i < source.Length; i++)
                    destination[i] = source[i];
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "unknown element type");
        }
    }

    /// <summary>Writes doubles as packed elements; integers truncate toward zero and saturate.</summary>
    /// <param name="source">One double per element.</param>
    /// <param name="dtype">Type of the packed elements.</param>
    /// <param name="destination">Room for the packed elements.</param>
    public static void FromDoubles(ReadOnlySpan<double> source, DType dtype, Span<byte> destination)
    {
        switch (dtype)
        {
            case DType.F64:
                source.CopyTo(MemoryMarshal.Cast<byte, double>(destination));
                break;
            case DType.F32:
                var singles = MemoryMarshal.Cast<byte, float>(destination);
                for (int i = 0; i < source.Length; i++)
                    singles[i] = (float)source[i];
                break;
            case DType.F16:
                var halves = MemoryMarshal.Cast<byte, Half>(destination);
                for (int i = 0; i < source.Length; i++)
                    halves[i] = (Half)source[i];
                break;
            case DType.BF16:
                var brains = MemoryMarshal.Cast<byte, ushort>(destination);
                for (int i = 0; i < source.Length; i++)
                    brains[i] = DoubleToBrain(source[i]);
                break;
            case DType.I32:
                var ints = MemoryMarshal.Cast<byte, int>(destination);
                for (int i = 0; i < source.Length; i++)
                    ints[i] = (int)source[i];
                break;
            case DType.I64:
                var longs = MemoryMarshal.Cast<byte, long>(destination);
                for (int i = 0; i < source.Length; i++)
                    longs[i] = (long)source[i];
                break;
            case DType.U8:
                for (int i = 0; i < source.Length; i++)
                    destination[i] = (byte)Math.Clamp(source[i], 0, 255);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "unknown element type");
        }
    }

    /// <summary>The value of a bfloat16: its bits are the upper half of an F32.</summary>
    public static float BrainToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>The bfloat16 nearest to an F32, ties to even; NaN stays a quiet NaN.</summary>
    public static ushort SingleToBrain(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value))
            return (ushort)((bits >> 16) | 0x40);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>The bfloat16 nearest to a double, rounded once: a detour over F32 would round twice.</summary>
    private static ushort DoubleToBrain(double value)
    {
        float single = (float)value;
        // Where F32 lies exactly between two bfloat16 values although the double does not, step toward the double.
        uint bits = BitConverter.SingleToUInt32Bits(single);
        if ((bits & 0xFFFF) == 0x8000 && single != value && double.IsFinite(value))
            single = Math.Abs(value) > Math.Abs((double)single) ? BitConverter.UInt32BitsToSingle(bits + 1) : BitConverter.UInt32BitsToSingle(bits - 1);
        return SingleToBrain(single);
    }
}
