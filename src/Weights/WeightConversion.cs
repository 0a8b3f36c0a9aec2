using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ResNeSt.Weights;

/// <summary>Conversion of packed little-endian values between element types.</summary>
/// <remarks>Widening is exact, NaN payloads included where the target can hold them; narrowing rounds to nearest, ties to even.</remarks>
public static class WeightConversion
{
    private static readonly float[] F8E5M2 = Table(exponentBits: 5, bias: 15, fnuz: false, infinities: true);
    private static readonly float[] F8E4M3 = Table(exponentBits: 4, bias: 7, fnuz: false, infinities: false);
    private static readonly float[] F8E5M2Fnuz = Table(exponentBits: 5, bias: 16, fnuz: true, infinities: false);
    private static readonly float[] F8E4M3Fnuz = Table(exponentBits: 4, bias: 8, fnuz: true, infinities: false);
    private static readonly float[] F8E8M0 = [.. Enumerable.Range(0, 256).Select(code => code == 255 ? float.NaN : MathF.ScaleB(1f, code - 127))];

    /// <summary>True where values of a type can be given as 32-bit floats: all but F4, F6, C64 and unknown types.</summary>
    /// <remarks>I32, U32, I64, U64 and F64 values that no F32 holds are rounded.</remarks>
    public static bool HasSingles(WeightDType dtype) => dtype.ByteSize > 0 && dtype != WeightDType.C64;

    /// <summary>Values as 32-bit floats.</summary>
    /// <param name="dtype">Type of the source.</param>
    /// <param name="source">Packed little-endian values.</param>
    /// <param name="destination">One float for each value.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, or the type has no conversion.</exception>
    public static void ToSingles(WeightDType dtype, ReadOnlySpan<byte> source, Span<float> destination)
    {
        if (!HasSingles(dtype))
            throw new ArgumentException($"{dtype.Name} values have no conversion to F32", nameof(dtype));
        if (source.Length != (long)destination.Length * dtype.ByteSize)
            throw new ArgumentException($"{source.Length} bytes are not {destination.Length} values of {dtype.Name}", nameof(source));

        switch (dtype)
        {
            case WeightDType.F32:
                source.CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case WeightDType.F16:
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(source[(2 * i)..]);
                break;
            case WeightDType.BF16:
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * i)..]) << 16);
                break;
            case WeightDType.F64:
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(source[(8 * i)..]);
                break;
            case WeightDType.I64:
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = BinaryPrimitives.ReadInt64LittleEndian(source[(8 * i)..]);
                break;
            case WeightDType.U64:
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = BinaryPrimitives.ReadUInt64LittleEndian(source[(8 * i)..]);
                break;
            case WeightDType.I32:
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = BinaryPrimitives.ReadInt32LittleEndian(source[(4 * i)..]);
                break;
            case WeightDType.U32:
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = BinaryPrimitives.ReadUInt32LittleEndian(source[(4 * i)..]);
                break;
            case WeightDType.I16:
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = BinaryPrimitives.ReadInt16LittleEndian(source[(2 * i)..]);
                break;
            case WeightDType.U16:
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * i)..]);
                break;
            case WeightDType.U8 or WeightDType.Bool:
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = source[i];
                break;
            case WeightDType.I8:
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = (sbyte)source[i];
                break;
            default:
                var table = dtype switch
                {
                    WeightDType.F8E5M2 => F8E5M2,
                    WeightDType.F8E4M3 => F8E4M3,
                    WeightDType.F8E5M2Fnuz => F8E5M2Fnuz,
                    WeightDType.F8E4M3Fnuz => F8E4M3Fnuz,
                    _ => F8E8M0,
                };
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = table[source[i]];
                break;
        }
    }

    /// <summary>32-bit floats as values of F32, F16 or BF16, rounded to nearest, ties to even.</summary>
    /// <param name="source">The floats.</param>
    /// <param name="dtype">F32, F16 or BF16.</param>
    /// <param name="destination">Packed little-endian values, exactly as many.</param>
    /// <exception cref="ArgumentException">Another type, or the lengths do not fit.</exception>
    public static void FromSingles(ReadOnlySpan<float> source, WeightDType dtype, Span<byte> destination)
    {
        if (dtype is not (WeightDType.F32 or WeightDType.F16 or WeightDType.BF16))
            throw new ArgumentException($"F32 values are not written as {dtype.Name}, only as F32, F16 or BF16", nameof(dtype));
        if (destination.Length != (long)source.Length * dtype.ByteSize)
            throw new ArgumentException($"{destination.Length} bytes are not {source.Length} values of {dtype.Name}", nameof(destination));

        switch (dtype)
        {
            case WeightDType.F32:
                MemoryMarshal.AsBytes(source).CopyTo(destination);
                break;
            case WeightDType.F16:
                for (int i = 0; i < source.Length; i++)
                    BinaryPrimitives.WriteHalfLittleEndian(destination[(2 * i)..], (Half)source[i]);
                break;
            default:
                for (int i = 0; i < source.Length; i++)
                    BinaryPrimitives.WriteUInt16LittleEndian(destination[(2 * i)..], ToBFloat16(source[i]));
                break;
        }
    }

    private static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        // A NaN stays one: its payload may sit in the half that is cut off.
        if (float.IsNaN(value))
            return (ushort)((bits >> 16) | 0x40);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>The 256 values of an 8-bit float with a sign bit.</summary>
    /// <param name="exponentBits">Width of the exponent; the mantissa has the rest of seven bits.</param>
    /// <param name="bias">Exponent bias.</param>
    /// <param name="fnuz">No negative zero: its pattern is the only NaN.</param>
    /// <param name="infinities">The top exponent holds infinity and NaN, as in IEEE 754; else only the all-ones pattern is NaN.</param>
    private static float[] Table(int exponentBits, int bias, bool fnuz, bool infinities)
    {
        int mantissaBits = 7 - exponentBits, topExponent = (1 << exponentBits) - 1;
        var values = new float[256];
        for (int code = 0; code < 256; code++)
        {
            int exponent = (code & 0x7F) >> mantissaBits, mantissa = code & ((1 << mantissaBits) - 1);
            float magnitude = exponent == 0
                ? MathF.ScaleB(mantissa, 1 - bias - mantissaBits)
                : MathF.ScaleB((1 << mantissaBits) + mantissa, exponent - bias - mantissaBits);
            if (infinities && exponent == topExponent)
                magnitude = mantissa == 0 ? float.PositiveInfinity : float.NaN;
            if (fnuz ? code == 0x80 : !infinities && (code & 0x7F) == 0x7F)
                magnitude = float.NaN;
            values[code] = code < 0x80 ? magnitude : -magnitude;
        }

        return values;
    }
}
