using System.Buffers.Binary;

namespace ResNeSt.Imaging;

/// <summary>Everything that marker segments set: tables, the frame, the colour hints of APP0 and APP14 (T.81, annex B).</summary>
internal sealed class JpegHeader
{
    private readonly short[]?[] quant = new short[4][];
    private readonly HuffmanTable?[] dc = new HuffmanTable[4];
    private readonly HuffmanTable?[] ac = new HuffmanTable[4];
    private bool hasJfif;
    private int? adobeTransform;

    public JpegFrame? Frame { get; private set; }

    /// <summary>MCUs between restart markers; 0 for none.</summary>
    public int RestartInterval { get; private set; }

    /// <summary>1 to 8.</summary>
    public int Orientation { get; private set; } = 1;

    /// <summary>Takes in one segment other than a scan header.</summary>
    /// <param name="marker">The marker's second byte.</param>
    /// <param name="body">The segment without marker and length.</param>
    /// <param name="offset">Place of the body in the file.</param>
    public void Read(int marker, ReadOnlySpan<byte> body, int offset)
    {
        switch (marker)
        {
            case JpegMarkers.QuantTables:
                ReadQuantTables(body, offset);
                break;
            case JpegMarkers.HuffmanTables:
                ReadHuffmanTables(body, offset);
                break;
            case JpegMarkers.RestartInterval:
                if (body.Length != 2)
                    throw BadLength(offset, "restart interval");
                RestartInterval = BinaryPrimitives.ReadUInt16BigEndian(body);
                break;
            case JpegMarkers.App0:
                hasJfif |= body.Length >= 12 && body.StartsWith("JFIF\0"u8);
                break;
            case JpegMarkers.App1:
                if (Orientation == 1 && body.StartsWith("Exif\0\0"u8))
                    Orientation = Exif.ReadOrientation(body[6..]);
                break;
            case JpegMarkers.App14:
                if (body.Length >= 12 && body.StartsWith("Adobe"u8))
                    adobeTransform = body[11];
                break;
            default:
                if (JpegMarkers.IsFrame(marker))
                    ReadFrame(marker, body, offset);
                else if (!JpegMarkers.MayBeIgnored(marker))
                    throw Refuse.Bad(offset, $"marker 0x{marker:X2} has no meaning in a picture; the file is damaged, fetch or save it again");
                break;
        }
    }

    /// <summary>libjpeg's rule (jdapimin.c, default_decompress_parms).</summary>
    public JpegColour Colour(long offset)
    {
        var components = Frame!.Components;
        if (components.Length == 1)
            return JpegColour.Grey;
        if (components.Length == 4)
            throw Refuse.Unsupported(offset, $"this JPEG has {(adobeTransform == 2 ? "YCCK" : "CMYK")} colours for print, for which readers "
                + "use different rules; convert it to RGB first, or decode it with another library and use Picture.FromPixels");
        if (components.Length != 3)
            throw Refuse.Unsupported(offset, $"this JPEG has {components.Length} components, not 1 or 3; convert it to RGB or grey first");
        if (hasJfif)
            return JpegColour.Ycc;
        if (adobeTransform is { } transform)
            return transform == 0 ? JpegColour.Rgb : JpegColour.Ycc;
        return components[0].Id == 'R' && components[1].Id == 'G' && components[2].Id == 'B' ? JpegColour.Rgb : JpegColour.Ycc;
    }

    /// <summary>The tables a component uses in a scan; a quantisation table stays what it was at the component's first scan.</summary>
    public void Bind(JpegComponent component, int dcIndex, int acIndex, bool needsDc, bool needsAc, int offset)
    {
        component.Quant ??= quant[component.QuantIndex]
            ?? throw Refuse.Bad(offset, $"quantisation table {component.QuantIndex} is missing; fetch or save the picture again");
        bool assumeStandard = !Frame!.IsProgressive;
        if (needsDc)
            component.Dc = dc[dcIndex] ?? (assumeStandard ? StandardHuffmanTables.Dc(dcIndex) : null) ?? throw Missing(offset, "DC", dcIndex);
        if (needsAc)
            component.Ac = ac[acIndex] ?? (assumeStandard ? StandardHuffmanTables.Ac(acIndex) : null) ?? throw Missing(offset, "AC", acIndex);
    }

    private static Exception Missing(int offset, string kind, int index) =>
        Refuse.Bad(offset, $"{kind} Huffman table {index} is missing; fetch or save the picture again");

    private static Exception BadLength(int offset, string segment) =>
        Refuse.Bad(offset, $"the {segment} segment has a wrong length; the file is damaged, fetch or save it again");

    private void ReadQuantTables(ReadOnlySpan<byte> body, int offset)
    {
        for (int at = 0; at < body.Length;)
        {
            bool wide = body[at] >> 4 != 0;
            int index = body[at] & 15, size = wide ? 128 : 64;
            if (index > 3)
                throw Refuse.Bad(offset + at, $"quantisation table number {index} is not 0 to 3; the file is damaged, fetch or save it again");
            if (body.Length - at - 1 < size)
                throw BadLength(offset, "quantisation table");
            var source = body.Slice(at + 1, size);
            var table = new short[64];
            for (int k = 0; k < 64; k++)
                table[ZigZag.ToNatural[k]] = wide ? BinaryPrimitives.ReadInt16BigEndian(source[(2 * k)..]) : source[k];
            quant[index] = table;
            at += 1 + size;
        }
    }

    private void ReadHuffmanTables(ReadOnlySpan<byte> body, int offset)
    {
        for (int at = 0; at < body.Length;)
        {
            if (body.Length - at < 17)
                throw BadLength(offset, "Huffman table");
            int kind = body[at] >> 4, index = body[at] & 15;
            if (kind > 1 || index > 3)
                throw Refuse.Bad(offset + at, $"Huffman table number {body[at]} does not exist; the file is damaged, fetch or save it again");
            var counts = body.Slice(at + 1, 16);
            int total = 0;
            foreach (byte count in counts)
                total += count;
            if (total > 256 || total > body.Length - at - 17)
                throw Refuse.Bad(offset + at, $"a Huffman table claims {total} symbols, more than 256 or than its segment holds; "
                    + "the file is damaged, fetch or save it again");
            var table = new HuffmanTable(counts, body.Slice(at + 17, total), kind == 0, offset + at);
            (kind == 0 ? dc : ac)[index] = table;
            at += 17 + total;
        }
    }

    private void ReadFrame(int marker, ReadOnlySpan<byte> body, int offset)
    {
        if (Frame is not null)
            throw Refuse.Bad(offset, "a second frame header; the file is damaged, fetch or save it again");
        if (JpegMarkers.WhyUnsupported(marker) is { } reason)
            throw Refuse.Unsupported(offset, $"this JPEG uses {reason}; convert it to baseline or progressive JPEG or to PNG first");
        if (body.Length < 6 || body.Length != 6 + 3 * body[5])
            throw BadLength(offset, "frame header");
        if (body[0] != 8)
            throw Refuse.Unsupported(offset, $"this JPEG has {body[0]} bits a sample, only 8 are read; convert it to 8 bits first");
        int height = BinaryPrimitives.ReadUInt16BigEndian(body[1..]), width = BinaryPrimitives.ReadUInt16BigEndian(body[3..]);
        if (height == 0 || width == 0 || body[5] == 0)
            throw Refuse.Bad(offset, $"the header gives {width} x {height} pixels and {body[5]} components, which is no picture; "
                + "save the picture again");
        Frame = new JpegFrame(width, height, marker == JpegMarkers.ProgressiveFrame, ReadComponents(body[6..], offset + 6));
    }

    private static JpegComponent[] ReadComponents(ReadOnlySpan<byte> body, int offset)
    {
        int count = body.Length / 3;
        if (count > 4)
            throw Refuse.Bad(offset, $"{count} components, at most 4 make a picture; the file is damaged, fetch or save it again");
        var components = new JpegComponent[count];
        for (int i = 0; i < count; i++)
        {
            var entry = body.Slice(3 * i, 3);
            int horizontal = entry[1] >> 4, vertical = entry[1] & 15;
            if (horizontal is < 1 or > 4 || vertical is < 1 or > 4)
                throw Refuse.Bad(offset + 3 * i, $"sampling factors {horizontal} x {vertical}, both must be 1 to 4; "
                    + "the file is damaged, fetch or save it again");
            if (entry[2] > 3)
                throw Refuse.Bad(offset + 3 * i, $"quantisation table number {entry[2]} is not 0 to 3; the file is damaged, fetch or save it again");
            // The sampling factors of a single component have no meaning: its blocks simply follow each other.
            components[i] = count == 1 ? new(entry[0], 1, 1, entry[2]) : new(entry[0], horizontal, vertical, entry[2]);
        }

        int mostAcross = components.Max(c => c.Horizontal), mostDown = components.Max(c => c.Vertical);
        if (components.Any(c => mostAcross % c.Horizontal != 0 || mostDown % c.Vertical != 0))
            throw Refuse.Unsupported(offset, "this JPEG has sampling factors whose ratio is no whole number, which libjpeg does not read either; "
                + "convert it to PNG with the program that made it");
        return components;
    }
}
