using System.Buffers.Binary;

namespace ResNeSt.Imaging;

/// <summary>Writes PNG files of 8 bits a channel. The same pixels give the same bytes on every machine.</summary>
public static class PngWriter
{
    private const int Filters = 5;

    /// <summary>Writes a file: first a temporary one beside it, which then takes its name, so that no half file is ever seen.</summary>
    public static void Write(string path, Picture picture) => Replace(path, Encode(picture));

    /// <summary>Writes a grey file likewise.</summary>
    /// <param name="path">The file.</param>
    /// <param name="grey">[height, width].</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    public static void WriteGrey(string path, ReadOnlySpan<byte> grey, int width, int height) => Replace(path, EncodeGrey(grey, width, height));

    /// <summary>Writes to a stream.</summary>
    public static void Write(Stream stream, Picture picture)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Write(Encode(picture));
    }

    /// <summary>The bytes of a file in colour.</summary>
    public static byte[] Encode(Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        return Encode(picture.Pixels, picture.Width, picture.Height, PngColour.Rgb);
    }

    /// <summary>The bytes of a grey file.</summary>
    /// <param name="grey">[height, width].</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <exception cref="ArgumentException">The span has another length.</exception>
    public static byte[] EncodeGrey(ReadOnlySpan<byte> grey, int width, int height)
    {
        Picture.ByteCount(width, height);
        if (grey.Length != width * height)
            throw new ArgumentException($"{grey.Length} bytes for {width} x {height} grey pixels", nameof(grey));
        return Encode(grey, width, height, PngColour.Grey);
    }

    private static byte[] Encode(ReadOnlySpan<byte> pixels, int width, int height, PngColour colour)
    {
        using var file = new MemoryStream();
        file.Write(PngDecoder.Signature);
        Span<byte> header = stackalloc byte[PngHeader.Length];
        header.Clear();
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8;
        header[9] = (byte)colour;
        WriteChunk(file, "IHDR"u8, header);
        WriteChunk(file, "IDAT"u8, Deflate.Zlib(Filter(pixels, width, height, colour == PngColour.Grey ? 1 : 3)));
        WriteChunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    private static void WriteChunk(Stream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> body)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, body.Length);
        file.Write(number);
        file.Write(type);
        file.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.Append(Crc32.Append(0, type), body));
        file.Write(number);
    }

    /// <summary>Each row with the filter whose output, read as signed bytes, has the smallest sum of magnitudes (ISO/IEC 15948, 12.8).</summary>
    private static byte[] Filter(ReadOnlySpan<byte> pixels, int width, int height, int distance)
    {
        int rowBytes = width * distance;
        var result = new byte[checked((rowBytes + 1) * height)];
        var trial = new byte[rowBytes];
        ReadOnlySpan<byte> above = new byte[rowBytes];
        for (int y = 0; y < height; y++)
        {
            var row = pixels.Slice(y * rowBytes, rowBytes);
            var target = result.AsSpan(y * (rowBytes + 1), rowBytes + 1);
            long best = long.MaxValue;
            for (int filter = 0; filter < Filters; filter++)
            {
                long cost = PngFilters.Apply(filter, row, above, trial, distance);
                if (cost >= best)
                    continue;
                best = cost;
                target[0] = (byte)filter;
                trial.CopyTo(target[1..]);
            }

            above = row;
        }

        return result;
    }

    private static void Replace(string path, byte[] bytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            File.WriteAllBytes(temporary, bytes);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
