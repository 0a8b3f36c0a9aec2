using System.Text;

namespace ResNeSt.Onnx.Tests;

/// <summary>A protobuf message taken apart, by the encoding's rules alone: it knows nothing of the writer.</summary>
internal sealed class ProtobufMessage
{
    private readonly List<(int Field, long Number, ReadOnlyMemory<byte> Bytes)> _fields = [];

    public ProtobufMessage(ReadOnlyMemory<byte> bytes)
    {
        int at = 0;
        while (at < bytes.Length)
        {
            ulong tag = Varint(bytes.Span, ref at);
            int field = (int)(tag >> 3), kind = (int)(tag & 7);
            if (kind == 0)
                _fields.Add((field, (long)Varint(bytes.Span, ref at), default));
            else
            {
                int length = kind switch
                {
                    1 => 8,
                    2 => checked((int)Varint(bytes.Span, ref at)),
                    5 => 4,
                    _ => throw new InvalidDataException($"field {field} is of kind {kind}"),
                };
                _fields.Add((field, 0, bytes.Slice(at, length)));
                at += length;
            }
        }
    }

    public IEnumerable<ProtobufMessage> Messages(int field) => All(field).Select(one => new ProtobufMessage(one.Bytes));

    public ProtobufMessage Message(int field) => Messages(field).Single();

    public IEnumerable<string> Texts(int field) => All(field).Select(one => Encoding.UTF8.GetString(one.Bytes.Span));

    public string Text(int field) => Texts(field).SingleOrDefault() ?? "";

    public IEnumerable<long> Numbers(int field) => All(field).Select(one => one.Number);

    public long Number(int field) => Numbers(field).Single();

    public float Float(int field) => BitConverter.ToSingle(All(field).Single().Bytes.Span);

    public ReadOnlyMemory<byte> Bytes(int field) => All(field).Single().Bytes;

    private IEnumerable<(int Field, long Number, ReadOnlyMemory<byte> Bytes)> All(int field) => _fields.Where(one => one.Field == field);

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }
    }
}
