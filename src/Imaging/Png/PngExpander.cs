namespace ResNeSt.Imaging;

/// <summary>Turns one unfiltered row into RGB, whatever its colour type and depth.</summary>
internal readonly ref struct PngExpander(PngHeader header, ReadOnlySpan<byte> palette, int offset)
{
    private readonly PngHeader header = header;
    private readonly ReadOnlySpan<byte> palette = palette;
    private readonly int offset = offset;

    public void ToRgb(ReadOnlySpan<byte> row, Span<byte> rgb)
    {
        if (header.Depth < 8)
            Packed(row, rgb);
        else if (header.Depth == 16)
            HighBytes(row, rgb);
        else if (header.Colour == PngColour.Palette)
            Indexed(row, rgb);
        else if (header.Colour == PngColour.GreyAlpha)
            EverySecond(row, rgb);
        else
            PixelRows.ToRgb(row, rgb, header.Colour switch
            {
                PngColour.Grey => PixelLayout.Grey,
                PngColour.Rgb => PixelLayout.Rgb,
                _ => PixelLayout.Rgba,
            });
    }

    private void Packed(ReadOnlySpan<byte> row, Span<byte> rgb)
    {
        int depth = header.Depth, mask = (1 << depth) - 1, scale = 255 / mask;
        bool indexed = header.Colour == PngColour.Palette;
        for (int x = 0; 3 * x < rgb.Length; x++)
        {
            int bit = x * depth;
            int value = row[bit >> 3] >> (8 - depth - (bit & 7)) & mask;
            if (indexed)
                Entry(value).CopyTo(rgb.Slice(3 * x, 3));
            else
                rgb.Slice(3 * x, 3).Fill((byte)(value * scale));
        }
    }

    private void Indexed(ReadOnlySpan<byte> row, Span<byte> rgb)
    {
        for (int x = 0; 3 * x < rgb.Length; x++)
            Entry(row[x]).CopyTo(rgb.Slice(3 * x, 3));
    }

    private static void EverySecond(ReadOnlySpan<byte> row, Span<byte> rgb)
    {
        for (int x = 0; 3 * x < rgb.Length; x++)
            rgb.Slice(3 * x, 3).Fill(row[2 * x]);
    }

    private void HighBytes(ReadOnlySpan<byte> row, Span<byte> rgb)
    {
        int step = 2 * header.Channels;
        bool grey = header.Channels < 3;
        for (int x = 0; 3 * x < rgb.Length; x++)
        {
            var pixel = row.Slice(x * step, step);
            var target = rgb.Slice(3 * x, 3);
            (target[0], target[1], target[2]) = grey ? (pixel[0], pixel[0], pixel[0]) : (pixel[0], pixel[2], pixel[4]);
        }
    }

    private ReadOnlySpan<byte> Entry(int index)
    {
        if (3 * index >= palette.Length)
            throw Refuse.Bad(offset, $"a pixel names colour {index}, the palette has {palette.Length / 3}; save the picture again with another program");
        return palette.Slice(3 * index, 3);
    }
}
