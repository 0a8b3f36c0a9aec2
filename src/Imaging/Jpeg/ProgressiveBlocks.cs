using System.Runtime.CompilerServices;

namespace ResNeSt.Imaging;

/// <summary>Decodes blocks of progressive scans (T.81, G.1.2 and G.2).</summary>
/// <param name="start">First coded position of the band.</param>
/// <param name="end">Last coded position of the band.</param>
/// <param name="isRefinement">Whether the scan adds one bit to coefficients that are partly known.</param>
/// <param name="low">The bit that is delivered now.</param>
internal struct ProgressiveBlocks(int start, int end, bool isRefinement, int low) : IBlockCoder
{
    private const int ZeroRun = 15;

    // Blocks to come that have nothing new in the band.
    private int endOfBandRun;

    public void Restart() => endOfBandRun = 0;

    public int Skip(JpegComponent component, int blockIndex, int most)
    {
        int count = Math.Min(endOfBandRun, most);
        if (count > 0 && isRefinement)
        {
            // Blocks with known coefficients get correction bits even inside a run.
            int known = component.LastNonzero.AsSpan(blockIndex, count).IndexOfAnyExcept((byte)0);
            count = known < 0 ? count : known;
        }

        endOfBandRun -= count;
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Decode(ref BitReader reader, JpegComponent component, int blockIndex)
    {
        var block = component.Coefficients.AsSpan(blockIndex * 64, 64);
        ref byte last = ref component.LastNonzero![blockIndex];
        if (start == 0)
            DecodeDc(ref reader, component, block);
        else if (isRefinement)
            RefineAc(ref reader, component.Ac!, block, ref last);
        else if (endOfBandRun > 0)
            endOfBandRun--;
        else
            DecodeAc(ref reader, component.Ac!, block, ref last);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void DecodeDc(ref BitReader reader, JpegComponent component, Span<short> block)
    {
        if (isRefinement)
        {
            if (reader.ReadBit() != 0)
                block[0] |= (short)(1 << low);
            return;
        }

        component.Prediction += reader.ReadSigned(reader.ReadSymbol(component.Dc!));
        short value = (short)(component.Prediction << low);
        // Memory that was never written costs nothing: a large empty picture stays small until its pixels are made.
        if (block[0] != value)
            block[0] = value;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void DecodeAc(ref BitReader reader, HuffmanTable table, Span<short> block, ref byte last)
    {
        for (int k = start; k <= end; k++)
        {
            if (reader.Count < 32)
                reader.Refill();
            int value = table.Values[(int)(reader.Bits >> (64 - HuffmanTable.LookAhead))];
            int used = value & 0xFF, run = (value >> 8) & 0xFF;
            value >>= 16;
            if (used != 0)
            {
                reader.Bits <<= used;
                reader.Count -= used;
            }
            else
            {
                int symbol = reader.ReadSymbol(table);
                run = symbol >> 4;
                value = reader.ReadSigned(symbol & 15);
            }

            if (value == 0)
            {
                if (run < ZeroRun)
                {
                    endOfBandRun = (1 << run) - 1 + reader.ReadBits(run);
                    break;
                }

                k += ZeroRun;
                continue;
            }

            k += run;
            if (k > end)
                throw reader.TooManyCoefficients();
            block[ZigZag.ToNatural[k]] = (short)(value << low);
            last = Math.Max(last, (byte)k);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RefineAc(ref BitReader reader, HuffmanTable table, Span<short> block, ref byte last)
    {
        int k = start;
        if (endOfBandRun == 0)
        {
            for (; k <= end; k++)
            {
                int symbol = reader.ReadSymbol(table);
                int run = symbol >> 4, fresh = 0;
                if ((symbol & 15) == 1)
                    fresh = reader.ReadBit() != 0 ? 1 << low : -1 << low;
                else if ((symbol & 15) != 0)
                    throw Refuse.Bad(reader.Position, "a refinement scan has a new coefficient of more than one bit; "
                        + "the file is damaged, fetch or save it again");
                else if (run < ZeroRun)
                {
                    endOfBandRun = (1 << run) + reader.ReadBits(run);
                    break;
                }

                // Known coefficients on the way take one bit each; zeros are counted by the run.
                for (; k <= end; k++)
                {
                    ref short coefficient = ref block[ZigZag.ToNatural[k]];
                    if (coefficient != 0)
                        Refine(ref reader, ref coefficient);
                    else if (--run < 0)
                        break;
                }

                if (fresh == 0)
                    continue;
                if (k > end)
                    throw reader.TooManyCoefficients();
                block[ZigZag.ToNatural[k]] = (short)fresh;
                last = Math.Max(last, (byte)k);
            }
        }

        if (endOfBandRun > 0)
        {
            for (int stop = Math.Min(end, last); k <= stop; k++)
            {
                ref short coefficient = ref block[ZigZag.ToNatural[k]];
                if (coefficient != 0)
                    Refine(ref reader, ref coefficient);
            }

            endOfBandRun--;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Refine(ref BitReader reader, ref short coefficient)
    {
        int bit = 1 << low;
        if (reader.ReadBit() != 0 && (coefficient & bit) == 0)
            coefficient += (short)(coefficient >= 0 ? bit : -bit);
    }
}
