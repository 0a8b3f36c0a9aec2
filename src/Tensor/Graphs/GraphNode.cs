namespace ResNeSt.Tensors.Graphs;

/// <summary>One operator of a <see cref="Graph"/>.</summary>
/// <param name="op">What is computed.</param>
/// <param name="inputs">What it reads, as the operator orders it.</param>
/// <param name="outputs">What it writes.</param>
/// <param name="module">Path of the module it comes from, such as <c>layer1.0.conv2</c>; may be empty.</param>
public sealed class GraphNode(Op op, IReadOnlyList<GraphValue> inputs, IReadOnlyList<GraphValue> outputs, string module = "")
{
    /// <summary>What is computed.</summary>
    public Op Op { get; } = op;

    /// <summary>What it reads, as the operator orders it.</summary>
    public IReadOnlyList<GraphValue> Inputs { get; } = inputs;

    /// <summary>What it writes.</summary>
    public IReadOnlyList<GraphValue> Outputs { get; } = outputs;

    /// <summary>Path of the module it comes from, such as <c>layer1.0.conv2</c>; empty if unknown.</summary>
    public string Module { get; } = module;

    /// <summary>Specs of the inputs.</summary>
    public TensorSpec[] InputSpecs => [.. Inputs.Select(value => value.Spec)];

    /// <summary>The least work it can cost.</summary>
    public OpCost Cost => Op.Cost(InputSpecs);

    /// <inheritdoc/>
    public override string ToString() => $"{string.Join(", ", Outputs)} = {Op.Name}({string.Join(", ", Inputs)})";
}
