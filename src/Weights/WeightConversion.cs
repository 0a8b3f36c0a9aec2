using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ResNeSt.Weights;

/// <summary>Conversion of packed little-endian values between element types.</summary>
/// <remarks>Widening is exact; narrowing rounds once, to nearest, ties to even; a NaN stays a NaN.</remarks>
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

    /// <summary>Values as 64-bit floats; exact but for I64 and U64 values beyond 2^53.</summary>
    /// <inheritdoc cref="ToSingles"/>
    public static void ToDoubles(WeightDType dtype, ReadOnlySpan<byte> source, Span<double> destination)
    {
        if (!HasSingles(dtype))
            throw new ArgumentException($"{dtype.Name} values have no conversion to F64", nameof(dtype));
        if (source.Length != (long)destination.Length * dtype.ByteSize)
            throw new ArgumentException($"{source.Length} bytes are not {destination.Length} values of {dtype.Name}", nameof(source));
        if (dtype is WeightDType.F64 or WeightDType.I64 or WeightDType.U64 or WeightDType.I32 or WeightDType.U32)
        {
            for (int i = 0; i < destination.Length; i++)
                destination[i] = ReadWide(dtype, source[(i * dtype.ByteSize)..]);
            return;
        }

        Span<float> piece = stackalloc float[Math.Min(destination.Length, 1024)];
        for (int unit = dtype.ByteSize; !destination.IsEmpty;)
        {
            int count = Math.Min(piece.Length, destination.Length);
            ToSingles(dtype, source[..(count * unit)], piece[..count]);
            for (int i = 0; i < count; i++)
                destination[i] = piece[i];
            source = source[(count * unit)..];
            destination = destination[count..];
        }
    }

    private static double ReadWide(WeightDType dtype, ReadOnlySpan<byte> value) => dtype switch
    {
        WeightDType.F64 => BinaryPrimitives.ReadDoubleLittleEndian(value),
        WeightDType.I64 => BinaryPrimitives.ReadInt64LittleEndian(value),
        WeightDType.U64 => BinaryPrimitives.ReadUInt64LittleEndian(value),
        WeightDType.I32 => BinaryPrimitives.ReadInt32LittleEndian(value),
        _ => BinaryPrimitives.ReadUInt32LittleEndian(value),
    };

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

    /// <summary>True where <see cref="Convert"/> can: from every type with float values to F32, F16 and BF16, and from a type to itself.</summary>
    public static bool CanConvert(WeightDType from, WeightDType to)
        => (from == to && from != WeightDType.Unknown) || (HasSingles(from) && to is WeightDType.F32 or WeightDType.F16 or WeightDType.BF16);

    /// <summary>Values of one type as values of another, each rounded once, to nearest, ties to even.</summary>
    /// <param name="from">Type of the source.</param>
    /// <param name="source">Packed little-endian values.</param>
    /// <param name="to">F32, F16, BF16, or the source's own type.</param>
    /// <param name="destination">Packed little-endian values, exactly as many.</param>
    /// <exception cref="ArgumentException">No such conversion, or the lengths do not fit.</exception>
    public static void Convert(WeightDType from, ReadOnlySpan<byte> source, WeightDType to, Span<byte> destination)
    {
        if (!CanConvert(from, to))
            throw new ArgumentException($"{from.Name} values have no conversion to {to.Name}", nameof(to));
        if (from == to)
        {
            source.CopyTo(destination);
            return;
        }

        int unit = from.ByteSize;
        if (to == WeightDType.F32)
        {
            ToSingles(from, source, MemoryMarshal.Cast<byte, float>(destination));
            return;
        }

        Span<float> piece = stackalloc float[Math.Min(source.Length / unit, 1024)];
        while (!source.IsEmpty)
        {
            int count = Math.Min(piece.Length, source.Length / unit);
            if (from.BitSize > 32 || from is WeightDType.I32 or WeightDType.U32)
                ToOddSingles(from, source[..(count * unit)], piece[..count]);
            else
                ToSingles(from, source[..(count * unit)], piece[..count]);
            FromSingles(piece[..count], to, destination[..(count * to.ByteSize)]);
            source = source[(count * unit)..];
            destination = destination[(count * to.ByteSize)..];
        }
    }

    /// <summary>Values that no F32 holds, rounded to odd: the last bit is set where bits were lost, so that rounding again to a
    /// 16-bit type gives what one rounding of the original would.</summary>
    private static void ToOddSingles(WeightDType dtype, ReadOnlySpan<byte> source, Span<float> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            // Every 32-bit integer is a double; 64-bit ones round to odd once more on the way there.
            double value = dtype switch
            {
                WeightDType.F64 => BinaryPrimitives.ReadDoubleLittleEndian(source[(8 * i)..]),
                WeightDType.I64 => OddDouble(BinaryPrimitives.ReadInt64LittleEndian(source[(8 * i)..])),
                WeightDType.U64 => OddDouble(BinaryPrimitives.ReadUInt64LittleEndian(source[(8 * i)..])),
                WeightDType.I32 => BinaryPrimitives.ReadInt32LittleEndian(source[(4 * i)..]),
                _ => BinaryPrimitives.ReadUInt32LittleEndian(source[(4 * i)..]),
            };
            float single = (float)value;
            if (single != value && !double.IsNaN(value))
            {
                // Toward zero first, then odd. Beyond F32's range that is the largest F32, which rounds to infinity below it.
                if (Math.Abs((double)single) > Math.Abs(value))
                    single = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(single) - 1);
                single = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(single) | 1);
            }

            destination[i] = single;
        }
    }

    private static double OddDouble(Int128 value)
    {
        // 64 significant bits to 53: drop eleven, keep whether any was set.
        const int Dropped = 11;
        Int128 magnitude = Int128.Abs(value);
        if (magnitude >> 53 == 0)
            return (double)value;
        Int128 kept = (magnitude >> Dropped) | ((magnitude & ((1 << Dropped) - 1)) == 0 ? 0 : 1);
        return (double)(Int128.Sign(value) * kept) * (1 << Dropped);
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
