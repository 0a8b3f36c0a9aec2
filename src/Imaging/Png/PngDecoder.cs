namespace ResNeSt.Imaging;

/// <summary>Reads PNG (ISO/IEC 15948) to RGB: grey is repeated, 16 bits keep the high byte, alpha and tRNS are dropped.</summary>
internal static class PngDecoder
{
    // Deflate cannot shrink data by more than about 1:1032.
    private const int MostExpansion = 1032;

    // Interlace passes: first column, first row, column step, row step (ISO/IEC 15948, 8.2).
    private static readonly (int X, int Y, int StepX, int StepY)[] Adam7 =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    private static readonly (int X, int Y, int StepX, int StepY)[] Whole = [(0, 0, 1, 1)];

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public static PictureInfo Identify(ReadOnlySpan<byte> data)
    {
        var chunks = new PngChunks(data);
        chunks.ReadHeader();
        var header = chunks.Header;
        return new PictureInfo(PictureFormat.Png, header.Width, header.Height, header.Channels, header.Depth, Orientation: 1);
    }

    public static (Picture Picture, int Orientation) Decode(ReadOnlySpan<byte> data, PictureReadOptions options)
    {
        var chunks = new PngChunks(data);
        chunks.ReadHeader();
        Picture.CheckSize(chunks.Header.Width, chunks.Header.Height, Signature.Length + 8, options);
        chunks.ReadAll();
        var header = chunks.Header;
        var passes = header.Interlaced ? Adam7 : Whole;
        long raw = passes.Sum(p => RawBytes(header, p));
        if (raw / MostExpansion > chunks.Compressed.Length)
            throw Refuse.Cut(chunks.CompressedOffset,
                $"{header.Width} x {header.Height} pixels cannot come out of {chunks.Compressed.Length} compressed bytes");

        using var rows = new PngRows(chunks);
        var expander = new PngExpander(header, chunks.Palette, chunks.CompressedOffset);
        var picture = Picture.Uninitialized(header.Width, header.Height);
        byte[] passRow = header.Interlaced ? new byte[3 * header.Width] : [];
        foreach (var (left, top, stepX, stepY) in passes)
        {
            int width = Count(header.Width, left, stepX);
            if (width == 0)
                continue;
            rows.StartPass();
            int rowBytes = (int)header.RowBytes(width);
            for (int y = top; y < header.Height; y += stepY)
            {
                var row = rows.Next(rowBytes);
                if (stepX == 1)
                {
                    expander.ToRgb(row, picture.Row(y));
                    continue;
                }

                expander.ToRgb(row, passRow.AsSpan(0, 3 * width));
                Scatter(passRow.AsSpan(0, 3 * width), picture.Row(y), left, stepX);
            }
        }

        rows.Finish();
        return (picture, chunks.Orientation);
    }

    private static int Count(int size, int first, int step) => size <= first ? 0 : (size - first + step - 1) / step;

    private static long RawBytes(PngHeader header, (int X, int Y, int StepX, int StepY) pass)
    {
        int width = Count(header.Width, pass.X, pass.StepX);
        return width == 0 ? 0 : (header.RowBytes(width) + 1) * Count(header.Height, pass.Y, pass.StepY);
    }

    private static void Scatter(ReadOnlySpan<byte> from, Span<byte> row, int left, int step)
    {
        for (int i = 0, x = 3 * left; i < from.Length; i += 3, x += 3 * step)
            from.Slice(i, 3).CopyTo(row[x..]);
    }
}
