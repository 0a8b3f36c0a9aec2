namespace ResNeSt.Imaging;

/// <summary>A Huffman table (T.81, annex C and F.2.2.3) prepared for decoding several bits at a time.</summary>
internal sealed class HuffmanTable
{
    /// <summary>Bits that one look-up sees.</summary>
    public const int LookAhead = 10;

    private readonly byte[] symbols;

    // For lengths above LookAhead: the first 16-bit pattern that is too large for this length, and where its symbols begin.
    private readonly int[] limits = new int[18];
    private readonly int[] offsets = new int[17];

    /// <param name="counts">Codes of each length 1 to 16.</param>
    /// <param name="symbols">Symbols by rising code.</param>
    /// <param name="isDc">Whether symbols are plain sizes (DC) or run and size (AC).</param>
    /// <param name="offset">Place in the file, for messages.</param>
    public HuffmanTable(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols, bool isDc, long offset)
    {
        this.symbols = symbols.ToArray();
        if (isDc && symbols.ContainsAnyExceptInRange((byte)0, (byte)15))
            throw Refuse.Bad(offset, "a DC Huffman table has a size above 15; save the picture again with another program");
        int code = 0, index = 0;
        for (int length = 1; length <= 16; length++)
        {
            offsets[length] = index - code;
            for (int i = 0; i < counts[length - 1]; i++, code++, index++)
            {
                if (code >= 1 << length)
                    throw Refuse.Bad(offset, $"a Huffman table has more codes of {length} bits than exist; save the picture again with another program");
                if (length <= LookAhead)
                    Enter(code, length, this.symbols[index], isDc);
            }

            limits[length] = code << (16 - length);
            code <<= 1;
        }

        limits[17] = int.MaxValue;
    }

    /// <summary>For the next <see cref="LookAhead"/> bits: symbol shifted by 8, or-ed with the code's length; 0 for longer codes.</summary>
    public ushort[] Codes { get; } = new ushort[1 << LookAhead];

    /// <summary>For the next bits, where code and magnitude fit into them: value shifted by 16, run shifted by 8, length of both;
    /// else 0. A value of 0 marks the symbols without magnitude.</summary>
    public int[] Values { get; } = new int[1 << LookAhead];

    /// <summary>Decodes a code of any length from the upper bits of a word.</summary>
    /// <param name="bits">Bits, the next one on top; at least 16 are valid.</param>
    /// <param name="length">The code's length, or 17 where no code matches.</param>
    public int Decode(ulong bits, out int length)
    {
        int code = Codes[bits >> (64 - LookAhead)];
        if (code != 0)
        {
            length = code & 0xFF;
            return code >> 8;
        }

        int next = (int)(bits >> 48);
        length = LookAhead + 1;
        while (next >= limits[length])
            length++;
        return length > 16 ? 0 : symbols[(next >> (16 - length)) + offsets[length]];
    }

    private void Enter(int code, int length, int symbol, bool isDc)
    {
        int spare = LookAhead - length, first = code << spare;
        Codes.AsSpan(first, 1 << spare).Fill((ushort)(symbol << 8 | length));
        int size = isDc ? symbol : symbol & 15, run = isDc ? 0 : symbol >> 4;
        if (size == 0)
            Values.AsSpan(first, 1 << spare).Fill(run << 8 | length);
        if (size == 0 || size > spare)
            return;
        int rest = spare - size;
        for (int magnitude = 0; magnitude < 1 << size; magnitude++)
        {
            int value = magnitude < 1 << (size - 1) ? magnitude - (1 << size) + 1 : magnitude;
            Values.AsSpan(first | magnitude << rest, 1 << rest).Fill(value << 16 | run << 8 | (length + size));
        }
    }
}
