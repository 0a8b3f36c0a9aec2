using System.Buffers.Binary;
using System.Text;
using ResNeSt.Tensors;

namespace ResNeSt.Imaging;

/// <summary>Walks through the chunks of a PNG file (ISO/IEC 15948, clause 5) and checks CRCs, order and number.</summary>
internal ref struct PngChunks(ReadOnlySpan<byte> data)
{
    private const int Overhead = 12;
    private readonly ReadOnlySpan<byte> data = data;
    private bool dataEnded;

    public PngHeader Header;

    /// <summary>The PLTE chunk, three bytes an entry.</summary>
    public ReadOnlySpan<byte> Palette;

    /// <summary>The bodies of all IDAT chunks, joined.</summary>
    public byte[] Compressed = [];

    /// <summary>Place of the first IDAT chunk.</summary>
    public int CompressedOffset;

    public int Orientation = 1;

    /// <summary>Reads the header alone.</summary>
    public int ReadHeader()
    {
        int position = PngDecoder.Signature.Length;
        var type = Next(ref position, out var body, out int offset);
        if (!type.SequenceEqual("IHDR"u8) || body.Length != PngHeader.Length)
            throw Refuse.Bad(offset, "the first chunk is no IHDR of 13 bytes; the file is damaged, fetch or save it again");
        Header = PngHeader.Parse(body, offset);
        return position;
    }

    /// <summary>Reads all chunks.</summary>
    public void ReadAll()
    {
        int position = ReadHeader(), compressed = 0;
        var pieces = new List<(int Start, int Length)>();
        bool inData = false;
        while (position < data.Length)
        {
            var type = Next(ref position, out var body, out int offset);
            bool isData = type.SequenceEqual("IDAT"u8);
            dataEnded |= inData && !isData;
            inData = isData;
            if (isData)
            {
                if (dataEnded)
                    throw Refuse.Bad(offset, "an IDAT chunk is apart from the others; the file is damaged, fetch or save it again");
                if (pieces.Count == 0)
                    CompressedOffset = offset;
                pieces.Add((offset, body.Length));
                compressed += body.Length;
                continue;
            }

            if (type.SequenceEqual("IEND"u8))
                break;
            ReadOther(type, body, offset, pieces.Count > 0);
        }

        if (pieces.Count == 0)
            throw Refuse.Bad(position, "the file has no IDAT chunk, so no pixels; fetch or save it again");
        if (Header.Colour == PngColour.Palette && Palette.IsEmpty)
            throw Refuse.Bad(CompressedOffset, "a palette picture without PLTE chunk; save it again with another program");
        Compressed = GC.AllocateUninitializedArray<byte>(compressed);
        int at = 0;
        foreach (var (start, length) in pieces)
        {
            data.Slice(start, length).CopyTo(Compressed.AsSpan(at));
            at += length;
        }
    }

    private void ReadOther(ReadOnlySpan<byte> type, ReadOnlySpan<byte> body, int offset, bool afterData)
    {
        if (type.SequenceEqual("PLTE"u8))
        {
            if (!Palette.IsEmpty || afterData)
                throw Refuse.Bad(offset, "a PLTE chunk that is not the only one or comes after the pixels; the file is damaged, fetch or save it again");
            if (body.Length % 3 != 0 || body.Length is 0 or > 768)
                throw Refuse.Bad(offset, $"a palette of {body.Length} bytes; 1 to 256 entries of 3 bytes are legal; save the picture again");
            Palette = body;
        }
        else if (type.SequenceEqual("eXIf"u8))
        {
            Orientation = Exif.ReadOrientation(body);
        }
        else if (type.SequenceEqual("IHDR"u8))
        {
            throw Refuse.Bad(offset, "a second IHDR chunk; the file is damaged, fetch or save it again");
        }
        else if ((type[0] & 0x20) == 0)
        {
            string name = DataFileException.Escape(Encoding.Latin1.GetString(type));
            throw Refuse.Unsupported(offset, $"chunk '{name}' is marked as necessary but is not known; convert the picture to plain PNG first");
        }
    }

    /// <summary>One chunk: length, type, body and CRC, all within the file.</summary>
    private readonly ReadOnlySpan<byte> Next(scoped ref int position, out ReadOnlySpan<byte> body, out int offset)
    {
        int left = data.Length - position;
        if (left < Overhead)
            throw Refuse.Cut(position, "the PNG file ends inside a chunk");
        uint length = BinaryPrimitives.ReadUInt32BigEndian(data[position..]);
        if (length > left - Overhead)
            throw Refuse.Cut(position, $"a chunk of {length} bytes begins here, but only {left - Overhead} bytes are left");
        offset = position + 8;
        body = data.Slice(offset, (int)length);
        var type = data.Slice(position + 4, 4);
        uint crc = BinaryPrimitives.ReadUInt32BigEndian(data[(offset + (int)length)..]);
        if (Crc32.Append(0, data.Slice(position + 4, 4 + (int)length)) != crc)
            throw Refuse.Checksum(position, $"the CRC of chunk '{DataFileException.Escape(Encoding.Latin1.GetString(type))}' is wrong; "
                + "the file is damaged, fetch it again");
        position += Overhead + (int)length;
        return type;
    }
}
