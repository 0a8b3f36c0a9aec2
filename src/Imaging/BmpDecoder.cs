using System.Buffers.Binary;

namespace ResNeSt.Imaging;

/// <summary>Reads uncompressed Windows and OS/2 bitmaps of 1, 4, 8, 16, 24 and 32 bits a pixel.</summary>
internal static class BmpDecoder
{
    public static PictureInfo Identify(ReadOnlySpan<byte> data)
    {
        var header = BmpHeader.Parse(data);
        int channels = header.BitsPerPixel == 32 ? 4 : header.BitsPerPixel <= 8 ? 1 : 3;
        int bits = header.BitsPerPixel <= 8 ? header.BitsPerPixel : header.BitsPerPixel == 16 ? 5 : 8;
        return new PictureInfo(PictureFormat.Bmp, header.Width, header.Height, channels, bits, Orientation: 1);
    }

    public static Picture Decode(ReadOnlySpan<byte> data, PictureReadOptions options)
    {
        var header = BmpHeader.Parse(data);
        Picture.CheckSize(header.Width, header.Height, BmpHeader.FileHeaderBytes, options);
        long rowBytes = ((long)header.Width * header.BitsPerPixel + 31) / 32 * 4;
        if (header.PixelOffset > data.Length || rowBytes * header.Height > data.Length - header.PixelOffset)
            throw Refuse.Cut(data.Length, $"{header.Width} x {header.Height} pixels need {rowBytes * header.Height} bytes from byte "
                + $"{header.PixelOffset} on, the file has {data.Length} bytes in all");
        var palette = ReadPalette(data, header);
        var picture = Picture.Uninitialized(header.Width, header.Height);
        for (int y = 0; y < header.Height; y++)
        {
            int offset = (int)(header.PixelOffset + y * rowBytes);
            var source = data.Slice(offset, (int)rowBytes);
            var target = picture.Row(header.TopDown ? y : header.Height - 1 - y);
            switch (header.BitsPerPixel)
            {
                case <= 8:
                    Indexed(source, target, header.BitsPerPixel, palette, offset);
                    break;
                case 16:
                    Sixteen(source, target, header.Order == BmpOrder.Rgb565 ? 6 : 5);
                    break;
                case 24:
                    PixelRows.ToRgb(source, target, PixelLayout.Bgr);
                    break;
                default:
                    PixelRows.ToRgb(source, target, header.Order == BmpOrder.Rgbx ? PixelLayout.Rgba : PixelLayout.Bgra);
                    break;
            }
        }

        return picture;
    }

    /// <summary>Palette entries as RGB.</summary>
    private static byte[] ReadPalette(ReadOnlySpan<byte> data, BmpHeader header)
    {
        if (header.BitsPerPixel > 8)
            return [];
        int size = header.PaletteEntryBytes;
        if ((long)header.PaletteColours * size > Math.Min(header.PixelOffset, data.Length) - header.PaletteOffset)
            throw Refuse.Bad(header.PaletteOffset, $"a palette of {header.PaletteColours} colours does not fit before the pixels; "
                + "the file is damaged, fetch or save it again");
        var palette = new byte[3 * header.PaletteColours];
        for (int i = 0; i < header.PaletteColours; i++)
        {
            var entry = data.Slice(header.PaletteOffset + i * size, 3);
            (palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]) = (entry[2], entry[1], entry[0]);
        }

        return palette;
    }

    private static void Indexed(ReadOnlySpan<byte> source, Span<byte> rgb, int depth, ReadOnlySpan<byte> palette, int offset)
    {
        int mask = (1 << depth) - 1;
        for (int x = 0; 3 * x < rgb.Length; x++)
        {
            int bit = x * depth;
            int index = source[bit >> 3] >> (8 - depth - (bit & 7)) & mask;
            if (3 * index >= palette.Length)
                throw Refuse.Bad(offset + (bit >> 3), $"a pixel names colour {index}, the palette has {palette.Length / 3}; save the picture again");
            palette.Slice(3 * index, 3).CopyTo(rgb[(3 * x)..]);
        }
    }

    /// <summary>5-5-5 or 5-6-5 bits, blue lowest, stretched to 0..255 by v * 255 / max as Pillow does.</summary>
    private static void Sixteen(ReadOnlySpan<byte> source, Span<byte> rgb, int greenBits)
    {
        int greenMax = (1 << greenBits) - 1;
        for (int x = 0; 3 * x < rgb.Length; x++)
        {
            int pixel = BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * x)..]);
            var target = rgb.Slice(3 * x, 3);
            target[0] = (byte)((pixel >> (5 + greenBits) & 31) * 255 / 31);
            target[1] = (byte)((pixel >> 5 & greenMax) * 255 / greenMax);
            target[2] = (byte)((pixel & 31) * 255 / 31);
        }
    }
}
