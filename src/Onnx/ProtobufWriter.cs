using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace ResNeSt.Onnx;

/// <summary>Writes fields of a protobuf message into memory: a tag (number and kind), then the value.</summary>
/// <remarks>Source: protobuf.dev, "Encoding". Messages that hold weights are too long for this and are put together by <see cref="OnnxModel"/>.</remarks>
internal sealed class ProtobufWriter
{
    private const int VarintKind = 0;
    private const int LengthKind = 2;
    private const int Fixed32Kind = 5;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    /// <summary>A whole number; negative ones take ten bytes.</summary>
    public ProtobufWriter Integer(int field, long value)
    {
        Tag(field, VarintKind);
        Varint((ulong)value);
        return this;
    }

    public ProtobufWriter Float(int field, float value)
    {
        Tag(field, Fixed32Kind);
        BinaryPrimitives.WriteSingleLittleEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
        return this;
    }

    public ProtobufWriter Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public ProtobufWriter Message(int field, ProtobufWriter message) => Bytes(field, message.Written);

    public ProtobufWriter Bytes(int field, ReadOnlySpan<byte> value)
    {
        Head(field, value.Length);
        _bytes.Write(value);
        return this;
    }

    /// <summary>Tag and length of a field whose bytes are written by somebody else.</summary>
    public ProtobufWriter Head(int field, long length)
    {
        Tag(field, LengthKind);
        Varint((ulong)length);
        return this;
    }

    private void Tag(int field, int kind) => Varint((ulong)(field << 3 | kind));

    private void Varint(ulong value)
    {
        var span = _bytes.GetSpan(10);
        int count = 0;
        for (; value >= 0x80; value >>= 7)
            span[count++] = (byte)(value | 0x80);
        span[count++] = (byte)value;
        _bytes.Advance(count);
    }
}
