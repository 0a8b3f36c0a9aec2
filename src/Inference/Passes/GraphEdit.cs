using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>Changes that one optimisation makes to a graph, applied together.</summary>
/// <remarks>Each change takes some nodes and puts others in the place of the last of them, where everything that any of them read has been written.
/// A node belongs to one change at most, so changes found on the old graph stay right beside each other.</remarks>
internal sealed class GraphEdit(Graph graph)
{
    private readonly Dictionary<GraphNode, GraphNode[]> _instead = [];
    private readonly Dictionary<GraphValue, GraphValue> _aliases = [];

    /// <summary>The graph before.</summary>
    public Graph Graph => graph;

    /// <summary>Number of changes.</summary>
    public int Changes { get; private set; }

    /// <summary>Whether a node belongs to a change already.</summary>
    public bool IsTaken(GraphNode node) => _instead.ContainsKey(node);

    /// <summary>Puts nodes in the place of one.</summary>
    public void Replace(GraphNode node, params GraphNode[] instead)
    {
        _instead.Add(node, instead);
        Changes++;
    }

    /// <summary>Takes a node away as a part of a change that is made elsewhere.</summary>
    public void Absorb(GraphNode node) => _instead.Add(node, []);

    /// <summary>Takes a node away; who read its output reads <paramref name="same"/> instead.</summary>
    public void Bypass(GraphNode node, GraphValue same)
    {
        _instead.Add(node, []);
        _aliases.Add(node.Outputs[0], same);
        Changes++;
    }

    /// <summary>The only reader of a value, if it is free to be changed.</summary>
    public GraphNode? FreeConsumer(GraphValue value) => graph.OnlyConsumer(value) is { } node && !IsTaken(node) ? node : null;

    /// <summary>The writer of a value, if it is free to be changed.</summary>
    public GraphNode? FreeProducer(GraphValue value) => graph.Producer(value) is { } node && !IsTaken(node) ? node : null;

    /// <summary>The graph after; the same one if nothing changes.</summary>
    public Graph Apply()
    {
        if (_instead.Count == 0)
            return graph;
        var nodes = new List<GraphNode>(graph.Nodes.Count);
        foreach (var node in graph.Nodes)
        {
            if (!_instead.TryGetValue(node, out var instead))
                nodes.Add(Resolve(node));
            else
            {
                foreach (var other in instead)
                    nodes.Add(Resolve(other));
            }
        }

        var outputs = new GraphValue[graph.Outputs.Count];
        for (int i = 0; i < outputs.Length; i++)
            outputs[i] = Resolve(graph.Outputs[i]);
        return new Graph(nodes, graph.Inputs, outputs);
    }

    private GraphNode Resolve(GraphNode node)
    {
        GraphValue[]? inputs = null;
        for (int i = 0; i < node.Inputs.Count; i++)
        {
            var value = Resolve(node.Inputs[i]);
            if (value != node.Inputs[i])
                (inputs ??= [.. node.Inputs])[i] = value;
        }

        return inputs is null ? node : new GraphNode(node.Op, inputs, node.Outputs, node.Module);
    }

    private GraphValue Resolve(GraphValue value)
    {
        while (_aliases.TryGetValue(value, out var same))
            value = same;
        return value;
    }
}
