using System.Buffers.Binary;
using System.IO.Compression;

namespace ResNeSt.Imaging.Tests;

/// <summary>A small PNG writer for the tests: any colour type, depth and interlace, filters in turn, its own CRC.</summary>
public static class TestPng
{
    public static readonly (int Colour, int Depth)[] Kinds =
    [
        (0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (4, 16), (6, 8), (6, 16),
    ];

    private static readonly (int X, int Y, int StepX, int StepY)[] Passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    public static int Channels(int colour) => colour switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };

    /// <param name="samples">[height, width, channels], each below 2^depth.</param>
    /// <param name="palette">RGB entries for colour type 3.</param>
    public static byte[] Encode(int[] samples, int width, int height, int colour, int depth, bool interlaced, byte[]? palette = null)
    {
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = ((byte)depth, (byte)colour, (byte)(interlaced ? 1 : 0));
        var raw = new MemoryStream();
        int filter = 0;
        foreach (var (left, top, stepX, stepY) in interlaced ? Passes : [(0, 0, 1, 1)])
        {
            byte[] above = [];
            for (int y = top; y < height && left < width; y += stepY)
            {
                byte[] row = PackRow(samples, width, y, left, stepX, Channels(colour), depth);
                if (y == top)
                    above = new byte[row.Length];
                raw.WriteByte((byte)filter);
                raw.Write(Filter(row, above, Math.Max(1, Channels(colour) * depth / 8), filter));
                filter = (filter + 1) % 5;
                above = row;
            }
        }

        return File(header, palette, Zlib(raw.ToArray()));
    }

    public static byte[] File(byte[] header, byte[]? palette, byte[] compressed)
    {
        var file = new MemoryStream();
        file.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        file.Write(Chunk("IHDR", header));
        if (palette is not null)
            file.Write(Chunk("PLTE", palette));
        file.Write(Chunk("IDAT", compressed));
        file.Write(Chunk("IEND", []));
        return file.ToArray();
    }

    public static byte[] Zlib(byte[] raw)
    {
        var result = new MemoryStream();
        using (var zlib = new ZLibStream(result, CompressionLevel.Optimal))
            zlib.Write(raw);
        return result.ToArray();
    }

    public static byte[] Chunk(string type, byte[] body)
    {
        byte[] chunk = new byte[12 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, body.Length);
        System.Text.Encoding.ASCII.GetBytes(type, chunk.AsSpan(4));
        body.CopyTo(chunk, 8);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + body.Length), Crc(chunk.AsSpan(4, 4 + body.Length)));
        return chunk;
    }

    public static uint Crc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int i = 0; i < 8; i++)
                crc = (crc & 1) != 0 ? 0xEDB88320 ^ crc >> 1 : crc >> 1;
        }

        return ~crc;
    }

    private static byte[] PackRow(int[] samples, int width, int y, int left, int step, int channels, int depth)
    {
        var bits = new List<bool>();
        for (int x = left; x < width; x += step)
        {
            for (int c = 0; c < channels; c++)
            {
                for (int bit = depth - 1; bit >= 0; bit--)
                    bits.Add((samples[(y * width + x) * channels + c] >> bit & 1) != 0);
            }
        }

        byte[] row = new byte[(bits.Count + 7) / 8];
        for (int i = 0; i < bits.Count; i++)
            row[i / 8] |= (byte)(bits[i] ? 0x80 >> (i % 8) : 0);
        return row;
    }

    private static byte[] Filter(byte[] row, byte[] above, int distance, int filter)
    {
        byte[] result = new byte[row.Length];
        for (int i = 0; i < row.Length; i++)
        {
            int a = i >= distance ? row[i - distance] : 0, b = above[i], c = i >= distance ? above[i - distance] : 0;
            int p = a + b - c, pa = Math.Abs(p - a), pb = Math.Abs(p - b), pc = Math.Abs(p - c);
            int expected = filter switch
            {
                1 => a,
                2 => b,
                3 => (a + b) / 2,
                4 => pa <= pb && pa <= pc ? a : pb <= pc ? b : c,
                _ => 0,
            };
            result[i] = (byte)(row[i] - expected);
        }

        return result;
    }
}
