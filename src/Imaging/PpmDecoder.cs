namespace ResNeSt.Imaging;

/// <summary>Reads Netpbm grey maps and pixel maps, plain (P2, P3) and raw (P5, P6), with the scaling of Pillow.</summary>
internal static class PpmDecoder
{
    public static bool IsSpace(byte value) => value is 9 or 10 or 11 or 12 or 13 or 32;

    public static PictureInfo Identify(ReadOnlySpan<byte> data)
    {
        var header = ReadHeader(data, out _);
        return new PictureInfo(PictureFormat.Ppm, header.Width, header.Height, header.Channels, header.Maximum > 255 ? 16 : 8, Orientation: 1);
    }

    public static Picture Decode(ReadOnlySpan<byte> data, PictureReadOptions options)
    {
        var header = ReadHeader(data, out int position);
        Picture.CheckSize(header.Width, header.Height, position, options);
        long samples = (long)header.Width * header.Height * header.Channels;
        // A plain sample takes a digit and a space (but for the last), a raw one one byte or two.
        long needed = header.IsPlain ? 2 * samples - 1 : samples * (header.Maximum > 255 ? 2 : 1);
        if (needed > data.Length - position)
            throw Refuse.Cut(data.Length, $"{header.Width} x {header.Height} pixels need {needed} bytes behind the header, "
                + $"there are {data.Length - position}");

        if (!header.IsPlain && header.Maximum == 255)
            return Picture.FromPixels(data[position..], header.Width, header.Height, layout: header.Channels == 3 ? PixelLayout.Rgb : PixelLayout.Grey);
        var picture = Picture.Uninitialized(header.Width, header.Height);
        var source = new PpmSamples(data, position, header);
        for (int y = 0; y < header.Height; y++)
        {
            var row = picture.Row(y);
            for (int i = 0; i < row.Length;)
            {
                byte value = source.Next();
                row[i++] = value;
                if (header.Channels == 1)
                    (row[i++], row[i++]) = (value, value);
            }
        }

        return picture;
    }

    private static PpmHeader ReadHeader(ReadOnlySpan<byte> data, out int position)
    {
        int kind = data[1] - '0';
        position = 2;
        int width = ReadNumber(data, ref position, "the width");
        int height = ReadNumber(data, ref position, "the height");
        int maximum = ReadNumber(data, ref position, "the greatest value");
        if (maximum is 0 or > 65535)
            throw Refuse.Bad(position, $"greatest value {maximum}, it must be 1 to 65535; save the picture again");
        if (position >= data.Length)
            throw Refuse.Cut(position, "the header ends before the pixels");
        if (!IsSpace(data[position]))
            throw Refuse.Bad(position, "the header does not end with white space; the file is damaged, fetch or save it again");
        position++;
        return new PpmHeader(width, height, maximum, kind is 3 or 6 ? 3 : 1, kind is 2 or 3);
    }

    /// <summary>A number behind white space and comments.</summary>
    public static int ReadNumber(ReadOnlySpan<byte> data, ref int position, string what)
    {
        while (position < data.Length && (IsSpace(data[position]) || data[position] == '#'))
        {
            if (data[position] == '#')
            {
                int end = data[position..].IndexOfAny((byte)'\n', (byte)'\r');
                position = end < 0 ? data.Length : position + end;
            }
            else
            {
                position++;
            }
        }

        int start = position, value = 0;
        while (position < data.Length && data[position] is >= (byte)'0' and <= (byte)'9')
        {
            if (value > (int.MaxValue - 9) / 10)
                throw Refuse.TooLarge(start, $"{what} has too many digits; the file is damaged, fetch or save it again");
            value = value * 10 + data[position++] - '0';
        }

        if (position == start && position >= data.Length)
            throw Refuse.Cut(position, $"the file ends before {what}");
        if (position == start)
            throw Refuse.Bad(position, $"{what} should be here as a decimal number; the file is damaged, fetch or save it again");
        return value;
    }
}
