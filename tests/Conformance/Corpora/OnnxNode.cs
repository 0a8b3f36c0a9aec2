using System.Text.Json;
using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <summary>One node of an ONNX graph with its inputs.</summary>
public sealed class OnnxNode
{
    private readonly JsonElement _attributes;
    private readonly Tensor?[] _inputs;

    /// <summary>Binds a node to the values computed so far.</summary>
    /// <param name="node">The node.</param>
    /// <param name="values">Values by name.</param>
    /// <param name="opset">Version of the standard's operators.</param>
    /// <param name="device">Where constants go.</param>
    public OnnxNode(JsonElement node, IReadOnlyDictionary<string, Tensor> values, int opset, Device device)
    {
        Op = node.GetProperty("op").GetString()!;
        Opset = opset;
        Device = device;
        _attributes = node.GetProperty("attributes");
        // An empty name stands for an optional input that is left out.
        _inputs = [.. node.GetProperty("inputs").EnumerateArray().Select(name => values.GetValueOrDefault(name.GetString()!))];
        OutputCount = node.GetProperty("outputs").GetArrayLength();
    }

    /// <summary>The operator's name.</summary>
    public string Op { get; }

    /// <summary>Version of the standard's operators.</summary>
    public int Opset { get; }

    /// <summary>Where constants go.</summary>
    public Device Device { get; }

    /// <summary>Number of outputs that the graph wants.</summary>
    public int OutputCount { get; }

    /// <summary>Number of inputs, those left out counted.</summary>
    public int InputCount => _inputs.Length;

    /// <summary>An input as it is, or null if it was left out.</summary>
    public Tensor? Optional(int index) => index < _inputs.Length ? _inputs[index] : null;

    /// <summary>An input as it is.</summary>
    public Tensor Raw(int index) => Optional(index) ?? throw new InvalidDataException($"{Op}: input {index} is missing");

    /// <summary>An input as floating-point numbers: integers become F32.</summary>
    public Tensor Input(int index) => Float(Raw(index));

    /// <summary>All inputs as floating-point numbers.</summary>
    public Tensor[] Inputs => [.. Enumerable.Range(0, InputCount).Select(Input)];

    /// <summary>Integers from an input that is a list, or null.</summary>
    public int[]? InputInts(int index) => Optional(index) is { } tensor ? Array.ConvertAll(tensor.ToDoubles(), value => (int)Math.Clamp(value, int.MinValue, int.MaxValue)) : null;

    /// <summary>An integer attribute.</summary>
    public int Int(string name, int otherwise = 0) => _attributes.TryGetProperty(name, out var value) ? value.GetInt32() : otherwise;

    /// <summary>A number attribute.</summary>
    public double Number(string name, double otherwise) => _attributes.TryGetProperty(name, out var value) ? value.GetDouble() : otherwise;

    /// <summary>A text attribute.</summary>
    public string? Text(string name) => _attributes.TryGetProperty(name, out var value) ? value.GetString() : null;

    /// <summary>A list attribute, or null.</summary>
    public int[]? Ints(string name) => _attributes.TryGetProperty(name, out var value) ? [.. value.EnumerateArray().Select(item => item.GetInt32())] : null;

    /// <summary>A tensor attribute.</summary>
    public Tensor Constant(string name)
    {
        var data = CorpusTensor.FromJson(_attributes.GetProperty(name));
        return Tensor.FromDoubles(data.Values, new TensorSpec(data.Shape, DType.F32), Device);
    }

    /// <summary>Axes counted from the front, from an attribute or from an input, as newer versions have it.</summary>
    public int[]? Axes(string attribute, int input, int rank) =>
        (Ints(attribute) ?? InputInts(input)) is { } axes ? Array.ConvertAll(axes, axis => axis < 0 ? axis + rank : axis) : null;

    private static Tensor Float(Tensor tensor) => tensor.DType.IsFloatingPoint ? tensor : tensor.Cast(DType.F32);
}
