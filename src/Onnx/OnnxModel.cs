using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Onnx;

/// <summary>A whole file, put together and written front to back without a second copy of the weights.</summary>
internal sealed class OnnxModel
{
    private const int IrVersion = 8;

    // onnx.proto, messages ModelProto, OperatorSetIdProto, GraphProto, ValueInfoProto, TypeProto, TensorShapeProto and TensorProto.
    private const int IrField = 1, ProducerField = 2, ProducerVersionField = 3, GraphField = 7, OpsetField = 8;
    private const int OpsetVersionField = 2;
    private const int NodeField = 1, GraphNameField = 2, InitializerField = 5, InputField = 11, OutputField = 12;
    private const int ValueNameField = 1, ValueTypeField = 2, TensorTypeField = 1, ElementTypeField = 1, ShapeField = 2;
    private const int DimensionField = 1, ExtentField = 1, SymbolField = 2;
    private const int TensorExtentsField = 1, TensorTypeNumberField = 2, TensorNameField = 8, RawDataField = 9;

    private readonly byte[] _head;
    private readonly List<(byte[] Head, GraphConstant? Weights, TensorSpec Spec)> _pieces = [];

    public OnnxModel(OnnxEmitter made, IReadOnlyList<OnnxValue> inputs, IReadOnlyList<OnnxValue> outputs, string name)
    {
        var front = new ProtobufWriter();
        foreach (var node in made.Nodes)
            front.Message(NodeField, node.Message());
        front.Text(GraphNameField, name);
        Add(front);
        foreach (var (value, constant) in made.Constants)
        {
            var tensor = new ProtobufWriter();
            foreach (int extent in value.Shape)
                tensor.Integer(TensorExtentsField, extent);
            tensor.Integer(TensorTypeNumberField, OnnxTypes.Of(value.Spec.DType)).Text(TensorNameField, value.Name).Head(RawDataField, value.Spec.ByteLength);
            var head = new ProtobufWriter().Head(InitializerField, tensor.Written.Length + value.Spec.ByteLength);
            _pieces.Add(([.. head.Written, .. tensor.Written], constant, value.Spec));
        }

        var back = new ProtobufWriter();
        foreach (var input in inputs)
            back.Message(InputField, Describe(input));
        foreach (var output in outputs)
            back.Message(OutputField, Describe(output));
        Add(back);

        long graph = _pieces.Sum(piece => piece.Head.Length + (piece.Weights is null ? 0 : piece.Spec.ByteLength));
        string version = typeof(OnnxModel).Assembly.GetName().Version?.ToString(3) ?? "";
        _head = new ProtobufWriter().Integer(IrField, IrVersion)
            .Text(ProducerField, "ResNeSt.NET").Text(ProducerVersionField, version)
            .Message(OpsetField, new ProtobufWriter().Integer(OpsetVersionField, OnnxExporter.OperatorSet))
            .Head(GraphField, graph).Written.ToArray();
        ByteLength = _head.Length + graph;
    }

    /// <summary>Length of the file.</summary>
    public long ByteLength { get; }

    public void Write(Stream stream)
    {
        stream.Write(_head);
        foreach (var (head, weights, spec) in _pieces)
        {
            stream.Write(head);
            if (weights is not null)
                stream.Write(Bytes(weights, spec));
        }
    }

    private static byte[] Bytes(GraphConstant constant, TensorSpec spec)
    {
        var bytes = new byte[spec.ByteLength];
        using var scope = new TensorScope();
        // Everything with a first axis may be scaled; where it is, the values are rounded once.
        var tensor = constant.IsScaled ? Tensor.FromDoubles(constant.ToDoubles(), spec, spec.DType == DType.F64 ? Device.Reference : constant.Tensor.Device) : constant.Tensor;
        tensor.Backend.Download(tensor.Storage, bytes);
        return bytes;
    }

    private static ProtobufWriter Describe(OnnxValue value)
    {
        var shape = new ProtobufWriter();
        for (int axis = 0; axis < value.Shape.Rank; axis++)
        {
            shape.Message(DimensionField, axis == 0 && value.HasBatch
                ? new ProtobufWriter().Text(SymbolField, "batch")
                : new ProtobufWriter().Integer(ExtentField, value.Shape[axis]));
        }

        var tensor = new ProtobufWriter().Integer(ElementTypeField, OnnxTypes.Of(value.Spec.DType)).Message(ShapeField, shape);
        return new ProtobufWriter().Text(ValueNameField, value.Name).Message(ValueTypeField, new ProtobufWriter().Message(TensorTypeField, tensor));
    }

    private void Add(ProtobufWriter piece) => _pieces.Add((piece.Written.ToArray(), null, default));
}
