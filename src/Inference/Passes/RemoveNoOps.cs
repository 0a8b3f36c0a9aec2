using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>Takes away operators that give their input: reshapes to the same shape, casts to the same type, factors of one, windows of one pixel; and
/// makes one reshape of several in a row.</summary>
public static class RemoveNoOps
{
    /// <summary>Runs the optimisation.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="workspace">Where it was made.</param>
    public static Graph Run(Graph graph, GraphWorkspace workspace)
    {
        var edit = new GraphEdit(graph);
        foreach (var node in graph.Nodes)
        {
            if (IsIdentity(node))
            {
                edit.Bypass(node, node.Inputs[0]);
                continue;
            }

            if (node.Op is not ReshapeOp)
                continue;
            var source = node.Inputs[0];
            while (graph.Producer(source) is { Op: ReshapeOp } earlier)
                source = earlier.Inputs[0];
            if (source == node.Inputs[0])
                continue;
            if (source.Spec == node.Outputs[0].Spec)
                edit.Bypass(node, source);
            else
                edit.Replace(node, new GraphNode(node.Op, [source], node.Outputs, node.Module));
        }

        workspace.Report($"remove no-ops: {edit.Changes} removed or joined");
        return edit.Apply();
    }

    private static bool IsIdentity(GraphNode node)
    {
        bool sameSpec = node.Inputs[0].Spec == node.Outputs[0].Spec;
        return node.Op switch
        {
            ReshapeOp or CastOp or BroadcastToOp => sameSpec,
            AffineOp affine => affine is { Scale: 1, Shift: 0 },
            AvgPool2dOp pool => pool is { Geometry: { KernelH: 1, KernelW: 1 }, DivisorOverride: 0 or 1 } && sameSpec,
            MaxPool2dOp pool => pool is { Geometry: { KernelH: 1, KernelW: 1 } } && sameSpec,
            _ => false,
        };
    }
}
