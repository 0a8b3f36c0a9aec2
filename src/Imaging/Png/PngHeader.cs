using System.Buffers.Binary;

namespace ResNeSt.Imaging;

/// <summary>The IHDR chunk (ISO/IEC 15948, 11.2.2), checked.</summary>
internal readonly record struct PngHeader(int Width, int Height, int Depth, PngColour Colour, bool Interlaced)
{
    public const int Length = 13;

    public int Channels => Colour switch
    {
        PngColour.Grey or PngColour.Palette => 1,
        PngColour.GreyAlpha => 2,
        PngColour.Rgb => 3,
        _ => 4,
    };

    public int BitsPerPixel => Channels * Depth;

    /// <summary>The distance of the byte that filters look back to, at least 1.</summary>
    public int FilterDistance => Math.Max(1, BitsPerPixel / 8);

    /// <summary>Bytes of a row of this many pixels, without the filter byte.</summary>
    public long RowBytes(int width) => ((long)width * BitsPerPixel + 7) / 8;

    public static PngHeader Parse(ReadOnlySpan<byte> body, int offset)
    {
        uint width = BinaryPrimitives.ReadUInt32BigEndian(body), height = BinaryPrimitives.ReadUInt32BigEndian(body[4..]);
        int depth = body[8], colour = body[9];
        if (width is 0 or > int.MaxValue || height is 0 or > int.MaxValue)
            throw Refuse.Bad(offset, $"the header gives {width} x {height} pixels, which is no picture; save the picture again");
        bool legal = colour switch
        {
            0 => depth is 1 or 2 or 4 or 8 or 16,
            3 => depth is 1 or 2 or 4 or 8,
            2 or 4 or 6 => depth is 8 or 16,
            _ => false,
        };
        if (!legal)
            throw Refuse.Bad(offset + 8, $"colour type {colour} with {depth} bits is no legal pair; save the picture again with another program");
        if (body[10] != 0 || body[11] != 0)
            throw Refuse.Bad(offset + 10, $"compression method {body[10]} and filter method {body[11]}, PNG knows only 0; save the picture again");
        if (body[12] > 1)
            throw Refuse.Bad(offset + 12, $"interlace method {body[12]}, PNG knows only 0 and 1; save the picture again");
        return new PngHeader((int)width, (int)height, depth, (PngColour)colour, body[12] == 1);
    }
}
