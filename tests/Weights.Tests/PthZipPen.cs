using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace ResNeSt.Weights.Tests;

/// <summary>Writes zip archives as torch does: stored, CRC and sizes in data descriptors, payloads at multiples of 64, a zip64 end record - or deflated and plain.</summary>
internal sealed class PthZipPen(Stream stream, bool deflate = false)
{
    private const int Alignment = 64;

    private readonly MemoryStream _directory = new();
    private int _count;

    /// <summary>Where headers, fields and payloads begin.</summary>
    public List<int> Boundaries { get; } = [];

    public PthZipPen Add(string name, ReadOnlySpan<byte> bytes)
    {
        byte[] packed = [];
        if (deflate)
        {
            using var memory = new MemoryStream();
            using (var deflater = new DeflateStream(memory, CompressionLevel.Optimal))
                deflater.Write(bytes);
            packed = memory.ToArray();
        }

        var payload = deflate ? packed : bytes;
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        long start = stream.Position;
        uint crc = Crc(bytes);
        int flags = deflate ? 0x800 : 0x808, method = deflate ? 8 : 0;
        int padding = deflate ? 0 : 4 + (int)((Alignment - ((start + 30 + utf8.Length + 4) % Alignment)) % Alignment);
        var local = Fields([0x04034b50, 4, 20, 2, flags, 2, method, 2, 0, 2, 0x21, 2, deflate ? crc : 0, 4, deflate ? payload.Length : 0, 4, deflate ? bytes.Length : 0, 4, utf8.Length, 2, padding, 2], (int)start);
        stream.Write(local);
        stream.Write(utf8);
        if (padding > 0)
            stream.Write([.. "FB"u8, (byte)(padding - 4), (byte)((padding - 4) >> 8), .. Enumerable.Repeat((byte)'Z', padding - 4)]);
        Boundaries.Add((int)stream.Position);
        stream.Write(payload);
        if (!deflate)
            stream.Write(Fields([0x08074b50, 4, crc, 4, payload.Length, 4, bytes.Length, 4], (int)stream.Position));
        _directory.Write(Fields([0x02014b50, 4, 20, 2, 20, 2, flags, 2, method, 2, 0, 2, 0x21, 2, crc, 4, payload.Length, 4, bytes.Length, 4, utf8.Length, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 4, start, 4], null));
        _directory.Write(utf8);
        _count++;
        return this;
    }

    public void Finish()
    {
        long start = stream.Position, length = _directory.Length;
        for (int at = 0; at < length; at += 46 + BinaryPrimitives.ReadUInt16LittleEndian(_directory.GetBuffer().AsSpan(at + 28)))
        {
            foreach (int field in (ReadOnlySpan<int>)[0, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 30, 32, 34, 36, 38, 42, 46])
                Boundaries.Add((int)start + at + field);
        }

        _directory.WriteTo(stream);
        long end = stream.Position;
        if (!deflate)
        {
            stream.Write(Fields([0x06064b50, 4, 44, 8, 45, 2, 45, 2, 0, 4, 0, 4, _count, 8, _count, 8, length, 8, start, 8], (int)end));
            stream.Write(Fields([0x07064b50, 4, 0, 4, end, 8, 1, 4], (int)stream.Position));
        }

        stream.Write(Fields([0x06054b50, 4, 0, 2, 0, 2, _count, 2, _count, 2, length, 4, start, 4, 0, 2], (int)stream.Position));
        Boundaries.Add((int)stream.Position);
    }

    /// <summary>CRC-32 by its definition, a bit at a time in a table of 256: independent of the reader's.</summary>
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
            crc = CrcTable[(byte)(crc ^ value)] ^ (crc >> 8);
        return ~crc;
    }

    private static readonly uint[] CrcTable = [.. Enumerable.Range(0, 256).Select(value =>
        Enumerable.Range(0, 8).Aggregate((uint)value, (crc, _) => (crc >> 1) ^ ((crc & 1) == 0 ? 0 : 0xEDB88320u)))];

    /// <summary>Little-endian fields from pairs of value and width.</summary>
    private byte[] Fields(ReadOnlySpan<long> pairs, int? start)
    {
        var bytes = new List<byte>();
        for (int i = 0; i < pairs.Length; i += 2)
        {
            if (start is { } offset)
                Boundaries.Add(offset + bytes.Count);
            bytes.AddRange(BitConverter.GetBytes(pairs[i]).AsSpan(0, (int)pairs[i + 1]));
        }

        return [.. bytes];
    }
}
