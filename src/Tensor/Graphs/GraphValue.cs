namespace ResNeSt.Tensors.Graphs;

/// <summary>A value of a <see cref="Graph"/>: an input, a constant, or what a node writes. Values are told apart by identity.</summary>
/// <param name="spec">Shape and element type.</param>
/// <param name="name">Name for people, unique within a graph: <c>x3</c>, <c>layer1.0.conv1.weight</c>.</param>
/// <param name="constant">Its value, if it is known before the graph runs.</param>
public sealed class GraphValue(TensorSpec spec, string name, GraphConstant? constant = null)
{
    /// <summary>Shape and element type.</summary>
    public TensorSpec Spec { get; } = spec;

    /// <summary>Extents.</summary>
    public Shape Shape => Spec.Shape;

    /// <summary>Name for people, unique within a graph.</summary>
    public string Name { get; } = name;

    /// <summary>Its value, if it is known before the graph runs: weights and what was computed from them.</summary>
    public GraphConstant? Constant { get; } = constant;

    /// <inheritdoc/>
    public override string ToString() => Name;
}
