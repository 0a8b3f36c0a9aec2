using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>Computes what depends on constants alone once, now.</summary>
public static class FoldConstants
{
    // A constant that is broadcast over a picture would trade a little arithmetic for a lot of memory traffic.
    private const long Allowance = 1 << 16;

    /// <summary>Runs the optimisation.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="workspace">Where it was made; it owns the results.</param>
    public static Graph Run(Graph graph, GraphWorkspace workspace)
    {
        var values = new Dictionary<GraphValue, GraphValue>();
        var nodes = new List<GraphNode>(graph.Nodes.Count);
        using var off = GradMode.Off();
        foreach (var node in graph.Nodes)
        {
            GraphValue[] inputs = [.. node.Inputs.Select(value => values.GetValueOrDefault(value, value))];
            if (inputs.All(IsKnown) && !node.Outputs.Any(graph.Outputs.Contains)
                && node.Outputs.Sum(value => value.Spec.ByteLength) <= inputs.Sum(value => value.Spec.ByteLength) + Allowance)
            {
                Fold(node, inputs);
                continue;
            }

            nodes.Add(inputs.SequenceEqual(node.Inputs) ? node : new GraphNode(node.Op, inputs, node.Outputs, node.Module));
        }

        int folded = graph.Nodes.Count - nodes.Count;
        workspace.Report($"fold constants: {folded} computed");
        return folded == 0 ? graph : new Graph(nodes, graph.Inputs, graph.Outputs);

        void Fold(GraphNode node, GraphValue[] inputs)
        {
            using var scope = new TensorScope();
            // F64 exists on the reference device only.
            var device = inputs[0].Spec.DType == DType.F64 ? Device.Reference : workspace.Backend.Device;
            var outputs = OpDispatcher.Run(node.Op, [.. inputs.Select(value => value.Constant!.IsScaled
                ? Tensor.FromDoubles(value.Constant.ToDoubles(), value.Spec, device)
                : value.Constant.Tensor.To(device))]);
            for (int i = 0; i < outputs.Length; i++)
            {
                // A view shares the module's memory; a handle of its own keeps it alive.
                var constant = new GraphConstant(workspace.Own(outputs[i].Detach()));
                values.Add(node.Outputs[i], new GraphValue(node.Outputs[i].Spec, workspace.UniqueName("constant"), constant));
            }
        }
    }

    private static bool IsKnown(GraphValue value) => value.Constant is { } constant && constant.Tensor.Device != Device.Meta;
}
