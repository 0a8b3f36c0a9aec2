using System.Buffers;

namespace ResNeSt.Imaging;

/// <summary>Collects bits from the lowest up, as deflate wants them (RFC 1951, 3.1.1).</summary>
internal sealed class BitSink
{
    private readonly ArrayBufferWriter<byte> bytes = new();
    private ulong pending;
    private int count;

    public ReadOnlySpan<byte> Written => bytes.WrittenSpan;

    /// <summary>At most 32 bits.</summary>
    public void Write(uint value, int bits)
    {
        pending |= (ulong)value << count;
        count += bits;
        while (count >= 8)
            FlushByte();
    }

    /// <summary>Fills up the last byte with zeros.</summary>
    public void Align()
    {
        if (count > 0)
            FlushByte();
        (pending, count) = (0, 0);
    }

    /// <summary>Whole bytes behind <see cref="Align"/>.</summary>
    public void WriteBytes(ReadOnlySpan<byte> data) => bytes.Write(data);

    private void FlushByte()
    {
        bytes.GetSpan(1)[0] = (byte)pending;
        bytes.Advance(1);
        pending >>= 8;
        count -= 8;
    }
}
