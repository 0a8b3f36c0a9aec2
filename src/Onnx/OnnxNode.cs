namespace ResNeSt.Onnx;

/// <summary>An operator of the file that is being made.</summary>
/// <param name="Name">Its name, unique within the file.</param>
/// <param name="Type">ONNX operator.</param>
/// <param name="Inputs">What it reads; null for an optional input that is left out.</param>
/// <param name="Output">What it writes.</param>
/// <param name="Attributes">Its constants.</param>
internal sealed record OnnxNode(string Name, string Type, IReadOnlyList<OnnxValue?> Inputs, OnnxValue Output, IReadOnlyList<OnnxAttribute> Attributes)
{
    // onnx.proto, message NodeProto.
    private const int InputField = 1, OutputField = 2, NameField = 3, TypeField = 4, AttributeField = 5;

    public ProtobufWriter Message()
    {
        var message = new ProtobufWriter();
        foreach (var input in Inputs)
            message.Text(InputField, input?.Name ?? "");
        message.Text(OutputField, Output.Name).Text(NameField, Name).Text(TypeField, Type);
        foreach (var attribute in Attributes)
            message.Message(AttributeField, attribute.Message);
        return message;
    }
}
