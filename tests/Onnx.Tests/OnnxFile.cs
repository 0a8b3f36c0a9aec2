namespace ResNeSt.Onnx.Tests;

/// <summary>An ONNX file as its readers see it; the numbers are those of onnx.proto.</summary>
internal sealed class OnnxFile
{
    public OnnxFile(byte[] bytes)
    {
        var model = new ProtobufMessage(bytes);
        IrVersion = model.Number(1);
        Producer = model.Text(2);
        OperatorSet = model.Message(8).Number(2);
        var graph = model.Message(7);
        Name = graph.Text(2);
        Nodes = [.. graph.Messages(1).Select(node => new Node(node.Text(4), node.Text(3), [.. node.Texts(1)], [.. node.Texts(2)],
            node.Messages(5).ToDictionary(attribute => attribute.Text(1))))];
        Weights = graph.Messages(5).ToDictionary(tensor => tensor.Text(8), tensor => new Weight(tensor.Number(2), [.. tensor.Numbers(1)], tensor.Bytes(9)));
        Inputs = [.. graph.Messages(11).Select(Value)];
        Outputs = [.. graph.Messages(12).Select(Value)];
    }

    public long IrVersion { get; }

    public string Producer { get; }

    public long OperatorSet { get; }

    public string Name { get; }

    public IReadOnlyList<Node> Nodes { get; }

    public IReadOnlyDictionary<string, Weight> Weights { get; }

    /// <summary>Name, and shape as text: <c>[batch,3,224,224]</c>.</summary>
    public IReadOnlyList<(string Name, string Shape)> Inputs { get; }

    public IReadOnlyList<(string Name, string Shape)> Outputs { get; }

    private static (string Name, string Shape) Value(ProtobufMessage value)
    {
        var dimensions = value.Message(2).Message(1).Message(2).Messages(1).Select(dimension => dimension.Text(2) is { Length: > 0 } symbol ? symbol : $"{dimension.Number(1)}");
        return (value.Text(1), $"[{string.Join(',', dimensions)}]");
    }

    public sealed record Node(string Type, string Name, string[] Inputs, string[] Outputs, IReadOnlyDictionary<string, ProtobufMessage> Attributes)
    {
        public long[] Integers(string attribute) => [.. Attributes[attribute].Numbers(8)];

        public long Integer(string attribute) => Attributes[attribute].Number(3);
    }

    public sealed record Weight(long Type, long[] Shape, ReadOnlyMemory<byte> Bytes);
}
