namespace ResNeSt.Imaging;

/// <summary>A plain deflate encoder (RFC 1951): hash chains, greedy matches, one dynamic Huffman block for every 32,768 symbols.</summary>
/// <remarks>The runtime's encoder gives other bytes with other versions and processors; this one always gives the same,
/// so that pictures under version control change only when their pixels do.</remarks>
internal sealed class Deflate
{
    private const int Window = 32768;
    private const int MinMatch = 3;
    private const int MaxMatch = 258;
    private const int MaxChain = 32;
    private const int HashBits = 15;
    private const int BlockSymbols = 32768;
    private const int EndOfBlock = 256;

    private static ReadOnlySpan<ushort> LengthBase =>
        [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];

    private static ReadOnlySpan<byte> LengthExtra =>
        [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

    private static ReadOnlySpan<ushort> DistanceBase =>
        [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];

    // The order in which lengths of the code-length code are sent.
    private static ReadOnlySpan<byte> LengthOrder => [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    private readonly BitSink sink;
    private readonly int[] heads = new int[1 << HashBits];
    private readonly int[] previous = new int[Window];
    private readonly List<(ushort Length, ushort Distance)> symbols = new(BlockSymbols);

    private Deflate(BitSink sink)
    {
        this.sink = sink;
        Array.Fill(heads, -1);
    }

    /// <summary>A zlib stream (RFC 1950) of the data.</summary>
    public static byte[] Zlib(ReadOnlySpan<byte> data)
    {
        var sink = new BitSink();
        sink.WriteBytes([0x78, 0x9C]);
        new Deflate(sink).Compress(data);
        sink.Align();
        uint adler = Adler32(data);
        sink.WriteBytes([(byte)(adler >> 24), (byte)(adler >> 16), (byte)(adler >> 8), (byte)adler]);
        return sink.Written.ToArray();
    }

    internal static uint Adler32(ReadOnlySpan<byte> data)
    {
        uint a = 1, b = 0;
        while (!data.IsEmpty)
        {
            // 5552 is the most steps for which b cannot overflow (RFC 1950, as zlib has it).
            var part = data[..Math.Min(5552, data.Length)];
            foreach (byte value in part)
                b += a += value;
            (a, b) = (a % 65521, b % 65521);
            data = data[part.Length..];
        }

        return b << 16 | a;
    }

    private void Compress(ReadOnlySpan<byte> data)
    {
        for (int at = 0; at < data.Length;)
        {
            var (length, distance) = Find(data, at);
            int step = Math.Max(1, length);
            symbols.Add(length > 0 ? ((ushort)length, (ushort)distance) : (data[at], (ushort)0));
            for (int i = at; i < at + step; i++)
                Remember(data, i);
            at += step;
            if (symbols.Count == BlockSymbols)
                WriteBlock(isLast: at == data.Length);
        }

        if (symbols.Count > 0 || data.IsEmpty)
            WriteBlock(isLast: true);
    }

    private static int Hash(ReadOnlySpan<byte> data, int at) =>
        (int)((uint)(data[at] << 16 | data[at + 1] << 8 | data[at + 2]) * 2654435761u >> (32 - HashBits));

    private void Remember(ReadOnlySpan<byte> data, int at)
    {
        if (at + MinMatch > data.Length)
            return;
        ref int head = ref heads[Hash(data, at)];
        previous[at % Window] = head;
        head = at;
    }

    /// <summary>The longest match among the last few with the same hash; length 0 for none.</summary>
    private (int Length, int Distance) Find(ReadOnlySpan<byte> data, int at)
    {
        if (at + MinMatch > data.Length)
            return default;
        var rest = data.Slice(at, Math.Min(MaxMatch, data.Length - at));
        int best = MinMatch - 1, distance = 0, candidate = heads[Hash(data, at)];
        for (int i = 0; i < MaxChain && candidate >= 0 && at - candidate < Window; i++)
        {
            int length = data[candidate..].CommonPrefixLength(rest);
            if (length > best)
                (best, distance) = (length, at - candidate);
            if (best == rest.Length)
                break;
            candidate = previous[candidate % Window];
        }

        return distance == 0 ? default : (best, distance);
    }

    private static int LengthSymbol(int length)
    {
        int symbol = LengthBase.BinarySearch((ushort)length);
        return symbol >= 0 ? symbol : ~symbol - 1;
    }

    private static int DistanceSymbol(int distance)
    {
        int symbol = DistanceBase.BinarySearch((ushort)distance);
        return symbol >= 0 ? symbol : ~symbol - 1;
    }

    private static int DistanceExtra(int symbol) => symbol < 4 ? 0 : symbol / 2 - 1;

    private void WriteBlock(bool isLast)
    {
        Span<int> literalCounts = stackalloc int[286], distanceCounts = stackalloc int[30];
        literalCounts.Clear();
        distanceCounts.Clear();
        literalCounts[EndOfBlock] = 1;
        foreach (var (length, distance) in symbols)
        {
            if (distance == 0)
            {
                literalCounts[length]++;
                continue;
            }

            literalCounts[257 + LengthSymbol(length)]++;
            distanceCounts[DistanceSymbol(distance)]++;
        }

        // At least one distance code must be sent, used or not.
        distanceCounts[0] = Math.Max(1, distanceCounts[0]);
        var literals = HuffmanCode.FromCounts(literalCounts, 15);
        var distances = HuffmanCode.FromCounts(distanceCounts, 15);
        sink.Write(isLast ? 1u : 0u, 1);
        sink.Write(2, 2);
        WriteCodes(literals, distances);
        foreach (var (length, distance) in symbols)
        {
            if (distance == 0)
            {
                literals.Write(sink, length);
                continue;
            }

            int symbol = LengthSymbol(length);
            literals.Write(sink, 257 + symbol);
            sink.Write((uint)(length - LengthBase[symbol]), LengthExtra[symbol]);
            symbol = DistanceSymbol(distance);
            distances.Write(sink, symbol);
            sink.Write((uint)(distance - DistanceBase[symbol]), DistanceExtra(symbol));
        }

        literals.Write(sink, EndOfBlock);
        symbols.Clear();
    }

    /// <summary>Sends the lengths of both codes, runs shortened, themselves Huffman coded (RFC 1951, 3.2.7).</summary>
    private void WriteCodes(HuffmanCode literals, HuffmanCode distances)
    {
        byte[] lengths = [.. literals.Lengths, .. distances.Lengths];
        var runs = new List<(int Symbol, int Extra, int Bits)>();
        for (int i = 0; i < lengths.Length;)
        {
            int run = 1;
            while (i + run < lengths.Length && lengths[i + run] == lengths[i])
                run++;
            if (lengths[i] == 0 && run >= 3)
            {
                run = Math.Min(run, 138);
                runs.Add(run <= 10 ? (17, run - 3, 3) : (18, run - 11, 7));
            }
            else if (run >= 4)
            {
                run = Math.Min(run, 7);
                runs.Add((lengths[i], 0, 0));
                runs.Add((16, run - 4, 2));
            }
            else
            {
                run = 1;
                runs.Add((lengths[i], 0, 0));
            }

            i += run;
        }

        Span<int> counts = stackalloc int[19];
        counts.Clear();
        foreach (var run in runs)
            counts[run.Symbol]++;
        var code = HuffmanCode.FromCounts(counts, 7);
        sink.Write(286 - 257, 5);
        sink.Write(30 - 1, 5);
        sink.Write(19 - 4, 4);
        foreach (byte symbol in LengthOrder)
            sink.Write(code.Lengths[symbol], 3);
        foreach (var (symbol, extra, bits) in runs)
        {
            code.Write(sink, symbol);
            sink.Write((uint)extra, bits);
        }
    }
}
