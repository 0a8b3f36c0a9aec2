using System.Buffers.Binary;

namespace ResNeSt.Imaging;

/// <summary>The headers of a bitmap: BITMAPFILEHEADER, then BITMAPCOREHEADER, BITMAPINFOHEADER or one of its extensions.</summary>
internal readonly record struct BmpHeader(
    int Width, int Height, bool TopDown, int BitsPerPixel, BmpOrder Order, int PixelOffset, int PaletteOffset, int PaletteColours, int PaletteEntryBytes)
{
    public const int FileHeaderBytes = 14;
    private const int CoreBytes = 12;
    private const int InfoBytes = 40;
    private const uint BitFields = 3;
    private const uint AlphaBitFields = 6;

    public static BmpHeader Parse(ReadOnlySpan<byte> data)
    {
        if (data.Length < FileHeaderBytes + 4)
            throw Refuse.Cut(data.Length, "the file ends inside the bitmap header");
        uint size = U32(data, FileHeaderBytes), pixels = U32(data, 10);
        if (size is not (CoreBytes or InfoBytes or 52 or 56 or 64 or 108 or 124))
            throw Refuse.Bad(FileHeaderBytes, $"a bitmap header of {size} bytes is none that is known; save the picture again, or convert it to PNG");
        if (data.Length < FileHeaderBytes + size)
            throw Refuse.Cut(data.Length, "the file ends inside the bitmap header");
        if (pixels < FileHeaderBytes + size || pixels > int.MaxValue)
            throw Refuse.Bad(10, $"the pixels are said to begin at byte {pixels}, inside the header or outside the file; fetch or save the picture again");
        return size == CoreBytes ? ParseCore(data, (int)pixels) : ParseInfo(data, (int)size, (int)pixels);
    }

    private static BmpHeader ParseCore(ReadOnlySpan<byte> data, int pixels)
    {
        int width = BinaryPrimitives.ReadUInt16LittleEndian(data[18..]), height = BinaryPrimitives.ReadUInt16LittleEndian(data[20..]);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(data[24..]);
        if (bits is not (1 or 4 or 8 or 24))
            throw BadDepth(bits);
        CheckSides(width, height);
        int end = FileHeaderBytes + CoreBytes;
        // The number of palette entries is not stored; files with fewer than the depth allows end at the pixels.
        int colours = bits > 8 ? 0 : Math.Min(1 << bits, (pixels - end) / 3);
        return new BmpHeader(width, height, false, bits, BmpOrder.Plain, pixels, end, colours, 3);
    }

    private static BmpHeader ParseInfo(ReadOnlySpan<byte> data, int size, int pixels)
    {
        int width = BinaryPrimitives.ReadInt32LittleEndian(data[18..]), height = BinaryPrimitives.ReadInt32LittleEndian(data[22..]);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(data[28..]);
        uint compression = U32(data, 30), used = U32(data, 46);
        if (bits is not (1 or 4 or 8 or 16 or 24 or 32))
            throw BadDepth(bits);
        if (height == int.MinValue)
            throw Refuse.Bad(22, "the height is no number that can be; the file is damaged, fetch or save it again");
        CheckSides(width, Math.Abs(height));
        int end = FileHeaderBytes + size;
        var order = BmpOrder.Plain;
        if (compression is BitFields or AlphaBitFields && bits is 16 or 32)
        {
            if (data.Length < FileHeaderBytes + InfoBytes + 12)
                throw Refuse.Cut(data.Length, "the file ends inside the colour masks");
            order = ReadMasks(data, bits);
        }
        else if (compression != 0)
        {
            throw Refuse.Unsupported(30, $"compression {compression} ({CompressionName(compression)}) with {bits} bits a pixel is not read; "
                + "save the picture uncompressed or as PNG");
        }

        if (bits <= 8 && used > 1u << bits)
            throw Refuse.Bad(46, $"{used} palette colours with {bits} bits a pixel; the file is damaged, fetch or save it again");
        int colours = bits > 8 ? 0 : used == 0 ? 1 << bits : (int)used;
        return new BmpHeader(width, Math.Abs(height), height < 0, bits, order, pixels, end, colours, 4);
    }

    private static BmpOrder ReadMasks(ReadOnlySpan<byte> data, int bits)
    {
        var masks = (U32(data, 54), U32(data, 58), U32(data, 62));
        return (bits, masks) switch
        {
            (16, (0x7C00, 0x3E0, 0x1F)) => BmpOrder.Plain,
            (16, (0xF800, 0x7E0, 0x1F)) => BmpOrder.Rgb565,
            (32, (0xFF0000, 0xFF00, 0xFF)) => BmpOrder.Plain,
            (32, (0xFF, 0xFF00, 0xFF0000)) => BmpOrder.Rgbx,
            _ => throw Refuse.Unsupported(54, $"colour masks {masks.Item1:X}, {masks.Item2:X}, {masks.Item3:X} with {bits} bits a pixel are not read; "
                + "save the picture as 24-bit bitmap or PNG"),
        };
    }

    private static void CheckSides(int width, int height)
    {
        if (width <= 0 || height <= 0)
            throw Refuse.Bad(18, $"the header gives {width} x {height} pixels, which is no picture; save the picture again");
    }

    private static Exception BadDepth(int bits) => Refuse.Unsupported(28, $"{bits} bits a pixel is none of 1, 4, 8, 16, 24, 32; save the picture again");

    private static string CompressionName(uint compression) => compression switch
    {
        1 => "RLE8",
        2 => "RLE4",
        4 => "JPEG",
        5 => "PNG",
        _ => "not known",
    };

    private static uint U32(ReadOnlySpan<byte> data, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(data[offset..]);
}
