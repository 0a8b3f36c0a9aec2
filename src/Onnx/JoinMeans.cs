using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Onnx;

/// <summary>Makes a mean of a sum over planes that is divided by their extent, which is how global average pools are written in this engine:
/// other programs have a fast operator for it.</summary>
internal static class JoinMeans
{
    public static Graph Run(Graph graph)
    {
        var nodes = new List<GraphNode>();
        foreach (var node in graph.Nodes)
        {
            if (node.Op is SumOp && graph.OnlyConsumer(node.Outputs[0]) is { } reader && Mean(graph, reader) is not null)
                continue;
            nodes.Add(Mean(graph, node) is { } sum
                ? new GraphNode(new MeanOp(((SumOp)sum.Op).Axes, ((SumOp)sum.Op).KeepAxes), sum.Inputs, node.Outputs, node.Module)
                : node);
        }

        return nodes.Count == graph.Nodes.Count ? graph : new Graph(nodes, graph.Inputs, graph.Outputs);
    }

    /// <summary>The sum that a node turns into a mean; null for any other node.</summary>
    private static GraphNode? Mean(Graph graph, GraphNode node)
    {
        if (node.Op is not AffineOp { Shift: 0 } affine || graph.Producer(node.Inputs[0]) is not { Op: SumOp sum } producer || graph.OnlyConsumer(node.Inputs[0]) != node)
            return null;
        long terms = 1;
        foreach (int axis in sum.Axes)
            terms *= producer.Inputs[0].Shape[axis];
        return affine.Scale == 1.0 / terms ? producer : null;
    }
}
