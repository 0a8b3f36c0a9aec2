using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace ResNeSt.Training;

/// <summary>Writes scalars as TensorBoard reads them: TFRecords around protobuf Events, both made by hand.</summary>
/// <remarks>A record is: length (u64), its masked CRC-32C, the data, its masked CRC-32C; all little-endian.</remarks>
/// <param name="stream">Where to; disposed with the writer.</param>
public sealed class TensorBoardWriter(Stream stream) : IDisposable
{
    private bool _begun;

    /// <summary>Writes a scalar.</summary>
    /// <param name="tag">Name of the curve, such as <c>train/loss</c>.</param>
    /// <param name="step">Place on the curve.</param>
    /// <param name="value">Value.</param>
    /// <param name="seconds">Wall time, seconds since 1970.</param>
    public void Scalar(string tag, long step, double value, double seconds)
    {
        if (!_begun)
        {
            _begun = true;
            Record(Event(seconds, 0, writer => Bytes(writer, 3, Encoding.UTF8.GetBytes("brain.Event:2"))));
        }

        Record(Event(seconds, step, writer => Bytes(writer, 5, Message(summary => Bytes(summary, 1, Message(entry =>
        {
            Bytes(entry, 1, Encoding.UTF8.GetBytes(tag));
            Tag(entry, 2, 5);
            Span<byte> number = stackalloc byte[4];
            BinaryPrimitives.WriteSingleLittleEndian(number, (float)value);
            entry.Write(number);
        }))))));
    }

    /// <summary>Hands everything to the operating system.</summary>
    public void Flush() => stream.Flush();

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    /// <summary>The masked CRC-32C of TFRecords.</summary>
    public static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
            crc = BitOperations.Crc32C(crc, b);
        crc = ~crc;
        return BitOperations.RotateRight(crc, 15) + 0xa282ead8;
    }

    private static byte[] Event(double seconds, long step, Action<MemoryStream> content) => Message(writer =>
    {
        Tag(writer, 1, 1);
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(number, seconds);
        writer.Write(number);
        Tag(writer, 2, 0);
        Varint(writer, (ulong)step);
        content(writer);
    });

    private static byte[] Message(Action<MemoryStream> content)
    {
        using var bytes = new MemoryStream();
        content(bytes);
        return bytes.ToArray();
    }

    private static void Bytes(MemoryStream writer, int field, byte[] value)
    {
        Tag(writer, field, 2);
        Varint(writer, (ulong)value.Length);
        writer.Write(value);
    }

    private static void Tag(MemoryStream writer, int field, int wireType) => Varint(writer, (ulong)(field << 3 | wireType));

    private static void Varint(MemoryStream writer, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            writer.WriteByte((byte)(value | 0x80));
        writer.WriteByte((byte)value);
    }

    private void Record(byte[] data)
    {
        Span<byte> header = stackalloc byte[12], tail = stackalloc byte[4];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], MaskedCrc(header[..8]));
        BinaryPrimitives.WriteUInt32LittleEndian(tail, MaskedCrc(data));
        stream.Write(header);
        stream.Write(data);
        stream.Write(tail);
    }
}
