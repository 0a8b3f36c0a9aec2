namespace ResNeSt.Onnx;

/// <summary>A named constant of a node, in wire form.</summary>
internal readonly record struct OnnxAttribute
{
    // Numbers of the fields and of the kinds: onnx.proto, message AttributeProto.
    private const int NameField = 1, FloatField = 2, IntegerField = 3, TextField = 4, IntegersField = 8, KindField = 20;
    private const int FloatKind = 1, IntegerKind = 2, TextKind = 3, IntegersKind = 7;

    private OnnxAttribute(ProtobufWriter message) => Message = message;

    public ProtobufWriter Message { get; }

    public static OnnxAttribute Of(string name, long value) =>
        new(new ProtobufWriter().Text(NameField, name).Integer(IntegerField, value).Integer(KindField, IntegerKind));

    public static OnnxAttribute Of(string name, double value) =>
        new(new ProtobufWriter().Text(NameField, name).Float(FloatField, (float)value).Integer(KindField, FloatKind));

    public static OnnxAttribute Of(string name, string value) =>
        new(new ProtobufWriter().Text(NameField, name).Text(TextField, value).Integer(KindField, TextKind));

    public static OnnxAttribute Of(string name, IEnumerable<int> values)
    {
        var message = new ProtobufWriter().Text(NameField, name);
        foreach (int value in values)
            message.Integer(IntegersField, value);
        return new(message.Integer(KindField, IntegersKind));
    }
}
