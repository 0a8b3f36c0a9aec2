using System.Globalization;
using System.Runtime.InteropServices;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Onnx;

/// <summary>Collects nodes and constants of a file, and knows what depends on the batch.</summary>
/// <param name="batch">The batch of the graph if it may vary in the file, else null.</param>
internal sealed class OnnxEmitter(int? batch)
{
    private readonly Dictionary<string, int> _names = [];
    private readonly Dictionary<(string Kind, string Content), OnnxValue> _small = [];

    public List<OnnxNode> Nodes { get; } = [];

    public List<(OnnxValue Value, GraphConstant Constant)> Constants { get; } = [];

    /// <summary>The node of the graph that is being translated.</summary>
    public GraphNode? Current { get; set; }

    /// <summary>An input of the network.</summary>
    public OnnxValue Input(string name, TensorSpec spec) => new(Unique(name), spec, batch is not null);

    /// <summary>A weight.</summary>
    public OnnxValue Weight(string name, TensorSpec spec, GraphConstant constant)
    {
        var value = new OnnxValue(Unique(name), spec, false);
        Constants.Add((value, constant));
        return value;
    }

    /// <summary>A number as a tensor without axes.</summary>
    public OnnxValue Scalar(double number, DType dtype) => Small("scalar", $"{dtype} {number.ToString("r", CultureInfo.InvariantCulture)}", new TensorSpec(Shape.Scalar, dtype),
        () => Tensor.FromDoubles([number], new TensorSpec(Shape.Scalar, dtype), Device.Reference));

    /// <summary>A vector of whole numbers, as shapes and axes are given.</summary>
    public OnnxValue Integers(params long[] numbers) => Small("integers", string.Join(',', numbers), new TensorSpec([numbers.Length], DType.I64),
        () => Tensor.FromBytes(MemoryMarshal.AsBytes<long>(numbers), new TensorSpec([numbers.Length], DType.I64), Device.Reference));

    /// <summary>A vector of factors in single precision.</summary>
    public OnnxValue Factors(params double[] numbers) => Small("factors", string.Join(',', numbers.Select(number => number.ToString("r", CultureInfo.InvariantCulture))),
        new TensorSpec([numbers.Length], DType.F32), () => Tensor.FromDoubles(numbers, new TensorSpec([numbers.Length], DType.F32), Device.Reference));

    /// <summary>Adds a node and returns what it writes.</summary>
    public OnnxValue Add(string type, TensorSpec output, IReadOnlyList<OnnxValue?> inputs, params OnnxAttribute[] attributes)
    {
        bool hasBatch = inputs.Any(input => input is { HasBatch: true });
        if (hasBatch && (output.Shape.Rank == 0 || output.Shape[0] % batch != 0))
            throw NoBatch("does not keep the batch as its first axis");
        string name = Unique(Current is { Module.Length: > 0 } node ? $"{node.Module}/{type}" : type);
        var value = new OnnxValue(Unique(name + "_output"), output, hasBatch);
        Nodes.Add(new OnnxNode(name, type, inputs, value, attributes));
        return value;
    }

    /// <summary>Refuses an operator that mixes pictures, where their number may vary.</summary>
    /// <param name="value">What is read.</param>
    /// <param name="axis">The axis along which it is not element by element.</param>
    public void RequireNotBatch(OnnxValue value, int axis)
    {
        if (value.HasBatch && axis == 0)
            throw NoBatch("works along the batch");
    }

    /// <summary>Another shape for the same elements; with a varying batch the first extent is what is left.</summary>
    public OnnxValue Reshape(OnnxValue value, Shape shape)
    {
        if (value.Shape == shape)
            return value;
        long[] extents = [.. shape.Select(extent => (long)extent)];
        if (value.HasBatch && extents.Length > 0)
            extents[0] = -1;
        return Add("Reshape", new TensorSpec(shape, value.Spec.DType), [value, Integers(extents)]);
    }

    public NotSupportedException NoForm(string? why = null) =>
        new($"onnx: {Describe()} has no ONNX form{(why is null ? "" : ": " + why)}");

    public NotSupportedException NoBatch(string why) =>
        new($"onnx: {Describe()} {why}, so the batch cannot vary; export with a fixed batch");

    private string Describe() => Current is null ? "the network" : Current.Module.Length > 0 ? $"operator {Current.Op.Name} of '{Current.Module}'" : $"operator {Current.Op.Name}";

    private OnnxValue Small(string kind, string content, TensorSpec spec, Func<Tensor> make)
    {
        if (!_small.TryGetValue((kind, content), out var value))
            _small.Add((kind, content), value = Weight(kind, spec, new GraphConstant(make())));
        return value;
    }

    private string Unique(string name)
    {
        int count = _names[name] = _names.GetValueOrDefault(name) + 1;
        return count == 1 ? name : Unique(string.Create(CultureInfo.InvariantCulture, $"{name}_{count}"));
    }
}
