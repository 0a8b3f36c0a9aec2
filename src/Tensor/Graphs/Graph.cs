namespace ResNeSt.Tensors.Graphs;

/// <summary>A network as a list of operators on values, each value written once: what a compiled session is made from.</summary>
/// <remarks>Immutable: an optimisation takes a graph and makes another one, which may share nodes and values with the first.
/// The nodes stand in an order in which they can be run.</remarks>
public sealed class Graph
{
    private readonly Dictionary<GraphValue, GraphNode> _producers = [];
    private readonly Dictionary<GraphValue, List<GraphNode>> _consumers = [];

    /// <param name="nodes">The operators in an order in which they can be run.</param>
    /// <param name="inputs">What the caller gives.</param>
    /// <param name="outputs">What the caller gets.</param>
    /// <exception cref="ArgumentException">A value is read before it is written, or written twice.</exception>
    public Graph(IReadOnlyList<GraphNode> nodes, IReadOnlyList<GraphValue> inputs, IReadOnlyList<GraphValue> outputs)
    {
        (Nodes, Inputs, Outputs) = (nodes, inputs, outputs);
        foreach (var node in nodes)
        {
            foreach (var input in node.Inputs)
            {
                if (!IsKnown(input))
                    throw new ArgumentException($"graph: {node} reads {input} before it is written", nameof(nodes));
                if (!_consumers.TryGetValue(input, out var readers))
                    _consumers.Add(input, readers = []);
                if (readers.Count == 0 || readers[^1] != node)
                    readers.Add(node);
            }

            foreach (var output in node.Outputs)
            {
                if (IsKnown(output))
                    throw new ArgumentException($"graph: {node} writes {output}, which has a value already", nameof(nodes));
                _producers.Add(output, node);
            }
        }

        foreach (var output in outputs)
        {
            if (!IsKnown(output))
                throw new ArgumentException($"graph: nothing writes the output {output}", nameof(outputs));
        }
    }

    /// <summary>The operators in an order in which they can be run.</summary>
    public IReadOnlyList<GraphNode> Nodes { get; }

    /// <summary>What the caller gives.</summary>
    public IReadOnlyList<GraphValue> Inputs { get; }

    /// <summary>What the caller gets.</summary>
    public IReadOnlyList<GraphValue> Outputs { get; }

    /// <summary>The node that writes a value; null for inputs and constants.</summary>
    public GraphNode? Producer(GraphValue value) => _producers.GetValueOrDefault(value);

    /// <summary>The nodes that read a value, each once.</summary>
    public IReadOnlyList<GraphNode> Consumers(GraphValue value) => _consumers.TryGetValue(value, out var readers) ? readers : [];

    /// <summary>The only reader of a value, or null if there are several, none, or the caller gets it.</summary>
    public GraphNode? OnlyConsumer(GraphValue value) =>
        _consumers.TryGetValue(value, out var readers) && readers.Count == 1 && !Outputs.Contains(value) ? readers[0] : null;

    private bool IsKnown(GraphValue value) => value.Constant is not null || Inputs.Contains(value) || _producers.ContainsKey(value);
}
