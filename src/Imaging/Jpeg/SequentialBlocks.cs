using System.Runtime.CompilerServices;

namespace ResNeSt.Imaging;

/// <summary>Decodes blocks of baseline and extended sequential scans (T.81, F.2.2).</summary>
internal static class SequentialBlocks
{
    private const int ZeroRun = 15;

    /// <summary>Decodes one block.</summary>
    /// <param name="reader">The bits.</param>
    /// <param name="component">Its tables are used and its prediction is carried on.</param>
    /// <param name="block">64 zeros, filled in natural order.</param>
    /// <returns>The last coded position that was written; 0 where there is only the DC value.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Decode(ref BitReader reader, JpegComponent component, scoped Span<short> block)
    {
        block = block[..64];
        block[0] = (short)(component.Prediction += ReadDc(ref reader, component.Dc!));

        // The state is kept in locals, which the JIT keeps in registers, and written back before each call.
        var table = component.Ac!;
        ReadOnlySpan<int> values = table.Values;
        ulong bits = reader.Bits;
        int count = reader.Count, last = 0;
        for (int k = 1; k < 64; k++)
        {
            if (count < 32)
            {
                (reader.Bits, reader.Count) = (bits, count);
                reader.Refill();
                (bits, count) = (reader.Bits, reader.Count);
            }

            int value = values[(int)(bits >> (64 - HuffmanTable.LookAhead))];
            int used = value & 0xFF, run = (value >> 8) & 0xFF;
            value >>= 16;
            if (used == 0)
                (value, run, used) = DecodeLong(ref reader, table, bits);
            bits <<= used;
            count -= used;
            if (value == 0)
            {
                if (run < ZeroRun)
                    break;
                k += ZeroRun;
                continue;
            }

            k += run;
            if (k > 63)
                throw reader.TooManyCoefficients();
            block[ZigZag.ToNatural[k]] = (short)value;
            last = k;
        }

        (reader.Bits, reader.Count) = (bits, count);
        return last;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ReadDc(ref BitReader reader, HuffmanTable table)
    {
        if (reader.Count < 32)
            reader.Refill();
        int value = table.Values[(int)(reader.Bits >> (64 - HuffmanTable.LookAhead))];
        int used = value & 0xFF;
        if (used == 0)
            return reader.ReadSigned(reader.ReadSymbol(table));
        reader.Bits <<= used;
        reader.Count -= used;
        return value >> 16;
    }

    /// <summary>A code with its magnitude that together exceed the look-up.</summary>
    private static (int Value, int Run, int Used) DecodeLong(ref BitReader reader, HuffmanTable table, ulong bits)
    {
        int symbol = table.Decode(bits, out int length);
        if (length > 16)
            throw reader.BadCode();
        int size = symbol & 15, run = symbol >> 4;
        if (size == 0)
            return (0, run, length);
        int value = (int)(bits << length >> (64 - size));
        if (value < 1 << (size - 1))
            value += 1 - (1 << size);
        return (value, run, length + size);
    }

    /// <summary>Puts the coefficients into the component's store, for files of several scans.</summary>
    public struct Stored : IBlockCoder
    {
        public readonly void Decode(ref BitReader reader, JpegComponent component, int blockIndex) =>
            component.LastNonzero![blockIndex] =
                (byte)SequentialBlocks.Decode(ref reader, component, component.Coefficients.AsSpan(64 * blockIndex, 64));

        public readonly int Skip(JpegComponent component, int blockIndex, int most) => 0;

        public readonly void Restart()
        {
        }
    }
}
