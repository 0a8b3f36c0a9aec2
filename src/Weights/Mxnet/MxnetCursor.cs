using System.Buffers.Binary;
using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>Reads little-endian numbers one after the other; whatever would run past the end of the file is refused.</summary>
internal sealed class MxnetCursor(RandomAccessFile file)
{
    private readonly byte[] _scratch = new byte[8];

    /// <summary>Offset of the next byte.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes that are left.</summary>
    public long Remaining => file.Length - Position;

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Read(4));

    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(Read(4));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Read(8));

    public long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(Read(8));

    /// <summary>The next bytes as a new array; the caller has bounded the count.</summary>
    public byte[] ReadBytes(int count)
    {
        CheckLeft((ulong)count);
        byte[] bytes = new byte[count];
        file.Read(Position, bytes);
        Position += count;
        return bytes;
    }

    /// <summary>Passes over bytes that are read later.</summary>
    public void Skip(long count)
    {
        CheckLeft((ulong)count);
        Position += count;
    }

    /// <summary>A refusal at the current place.</summary>
    public DataFileException Error(DataFileErrorKind kind, string what, string? entry = null) => new(kind, what, file.Path, entry, Position);

    private ReadOnlySpan<byte> Read(int count)
    {
        CheckLeft((ulong)count);
        var bytes = _scratch.AsSpan(0, count);
        file.Read(Position, bytes);
        Position += count;
        return bytes;
    }

    private void CheckLeft(ulong count)
    {
        if (count > (ulong)Remaining)
            throw Error(DataFileErrorKind.Truncated, $"{count} bytes are needed, {Remaining} are left; the file is cut short or damaged, fetch it again");
    }
}
