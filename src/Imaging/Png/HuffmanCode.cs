namespace ResNeSt.Imaging;

/// <summary>A canonical Huffman code with limited lengths, made from how often symbols occur (RFC 1951, 3.2.2).</summary>
internal sealed class HuffmanCode
{
    private readonly uint[] codes;

    /// <param name="lengths">Bits of each symbol, 0 for unused ones.</param>
    public HuffmanCode(byte[] lengths)
    {
        Lengths = lengths;
        codes = new uint[lengths.Length];
        uint code = 0;
        for (int bits = 1; bits <= 15; bits++, code <<= 1)
        {
            for (int symbol = 0; symbol < lengths.Length; symbol++)
            {
                if (lengths[symbol] == bits)
                    codes[symbol] = Reverse(code++, bits);
            }
        }
    }

    public byte[] Lengths { get; }

    public static HuffmanCode FromCounts(ReadOnlySpan<int> counts, int limit)
    {
        int[] scaled = counts.ToArray();
        // Halving the counts flattens the tree; it always ends, at equal counts at the latest.
        byte[] lengths;
        while ((lengths = BestLengths(scaled)).Max() > limit)
        {
            for (int i = 0; i < scaled.Length; i++)
                scaled[i] = (scaled[i] + 1) / 2;
        }

        return new HuffmanCode(lengths);
    }

    public void Write(BitSink sink, int symbol) => sink.Write(codes[symbol], Lengths[symbol]);

    private static byte[] BestLengths(int[] counts)
    {
        var lengths = new byte[counts.Length];
        // Ties are broken by the node's number, so that the result is the same everywhere.
        var queue = new PriorityQueue<int, (long Count, int Node)>();
        var parents = new List<int>();
        var leaves = new List<int>();
        for (int symbol = 0; symbol < counts.Length; symbol++)
        {
            if (counts[symbol] == 0)
                continue;
            queue.Enqueue(leaves.Count, (counts[symbol], leaves.Count));
            leaves.Add(symbol);
            parents.Add(-1);
        }

        if (leaves.Count == 1)
            lengths[leaves[0]] = 1;
        while (queue.Count > 1)
        {
            queue.TryDequeue(out int a, out var first);
            queue.TryDequeue(out int b, out var second);
            int node = parents.Count;
            (parents[a], parents[b]) = (node, node);
            parents.Add(-1);
            queue.Enqueue(node, (first.Count + second.Count, node));
        }

        for (int leaf = 0; leaf < leaves.Count && leaves.Count > 1; leaf++)
        {
            int depth = 0;
            for (int node = leaf; parents[node] >= 0; node = parents[node])
                depth++;
            lengths[leaves[leaf]] = (byte)Math.Min(depth, 255);
        }

        return lengths;
    }

    private static uint Reverse(uint code, int bits)
    {
        uint result = 0;
        for (int i = 0; i < bits; i++, code >>= 1)
            result = result << 1 | code & 1;
        return result;
    }
}
