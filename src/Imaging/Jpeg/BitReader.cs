using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace ResNeSt.Imaging;

/// <summary>The entropy-coded bits of a scan: stuffed zeros removed, stopping before the next marker (T.81, F.2.2.5).</summary>
/// <remarks>Behind the marker zeros are delivered, as libjpeg does, so that the inner loops need no test;
/// <see cref="IsExhausted"/> tells afterwards whether any of them was used.</remarks>
internal ref struct BitReader(ReadOnlySpan<byte> data, int position)
{
    private readonly ReadOnlySpan<byte> data = data;
    private int padding;
    private bool atMarker;

    /// <summary>Bits not yet used, the next one on top. Bits below <see cref="Count"/> repeat what is still to be loaded, or are 0.</summary>
    public ulong Bits;

    /// <summary>Valid bits.</summary>
    public int Count;

    /// <summary>The next byte to load; never behind a marker.</summary>
    public int Position = position;

    /// <summary>Whether bits were used that the file does not have.</summary>
    public readonly bool IsExhausted => Count < padding;

    /// <summary>Makes at least 56 bits valid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Refill()
    {
        if (Position <= data.Length - 8)
        {
            ulong next = BinaryPrimitives.ReadUInt64BigEndian(data.Slice(Position, 8));
            // A byte of 0xFF is a zero byte of the complement; this finds out whether there is any.
            ulong inverse = ~next;
            if (((inverse - 0x0101010101010101) & next & 0x8080808080808080) == 0)
            {
                Bits |= next >> Count;
                int taken = (63 - Count) >> 3;
                Position += taken;
                Count += taken * 8;
                return;
            }
        }

        RefillByBytes();
    }

    /// <summary>One bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ReadBit()
    {
        if (Count < 1)
            Refill();
        int bit = (int)(Bits >> 63);
        Bits <<= 1;
        Count--;
        return bit;
    }

    /// <summary>Up to 16 bits as an unsigned number.</summary>
    public int ReadBits(int count)
    {
        if (count == 0)
            return 0;
        if (Count < count)
            Refill();
        int value = (int)(Bits >> (64 - count));
        Bits <<= count;
        Count -= count;
        return value;
    }

    /// <summary>A symbol of a Huffman table.</summary>
    public int ReadSymbol(HuffmanTable table)
    {
        if (Count < 16)
            Refill();
        int symbol = table.Decode(Bits, out int length);
        if (length > 16)
            throw BadCode();
        Bits <<= length;
        Count -= length;
        return symbol;
    }

    /// <summary>A signed number of the given size (T.81, F.2.2.1, EXTEND).</summary>
    public int ReadSigned(int size)
    {
        int value = ReadBits(size);
        return size == 0 || value >= 1 << (size - 1) ? value : value - (1 << size) + 1;
    }

    /// <summary>Drops all bits and goes behind the expected restart marker, skipping bytes that belong to nothing.</summary>
    public void Restart(int number)
    {
        int p = NextMarker();
        if (p + 1 >= data.Length || data[p + 1] != 0xD0 + number)
            throw Refuse.Bad(p, $"restart marker {number} is missing or out of order; the file is damaged, fetch or save it again");
        (Position, Bits, Count, padding, atMarker) = (p + 2, 0, 0, 0, false);
    }

    /// <summary>The place of the next marker's 0xFF, or the length of the file.</summary>
    public readonly int NextMarker()
    {
        int p = Position;
        while (p + 1 < data.Length)
        {
            int found = data[p..^1].IndexOf((byte)0xFF);
            if (found < 0)
                return data.Length;
            p += found;
            if (data[p + 1] is not (0 or 0xFF))
                return p;
            p++;
        }

        return data.Length;
    }

    /// <summary>Refuses the file if bits were used that it does not have.</summary>
    public readonly void RequireData()
    {
        if (IsExhausted)
            throw Refuse.Cut(Position, "the coded picture data end early");
    }

    public readonly Exception BadCode() => IsExhausted
        ? Refuse.Cut(Position, "the coded picture data end early")
        : Refuse.Bad(Position, "the coded picture data contain a code that no table has; the file is damaged, fetch or save it again");

    public readonly Exception TooManyCoefficients() => IsExhausted
        ? Refuse.Cut(Position, "the coded picture data end early")
        : Refuse.Bad(Position, "a block has more coefficients than fit; the file is damaged, fetch or save it again");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RefillByBytes()
    {
        while (Count <= 56 && !atMarker)
        {
            int p = Position;
            if (p >= data.Length)
            {
                atMarker = true;
                break;
            }

            byte value = data[p++];
            if (value == 0xFF)
            {
                // Any number of fill bytes may precede; 0xFF 0x00 is the byte 0xFF, all else is a marker.
                while (p < data.Length && data[p] == 0xFF)
                    p++;
                if (p >= data.Length || data[p] != 0)
                {
                    atMarker = true;
                    break;
                }

                p++;
            }

            Bits |= (ulong)value << (56 - Count);
            Count += 8;
            Position = p;
        }

        if (Count <= 56)
        {
            padding += 64 - Count;
            Count = 64;
        }
    }
}
