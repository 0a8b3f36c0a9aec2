using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>An average pool in front of a 1×1 convolution is computed while the convolution loads its input: the shortcuts of variant D, and the pool
/// behind split attention.</summary>
public static class FusePoolShortcut
{
    /// <summary>Runs the optimisation.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="workspace">Where it was made.</param>
    public static Graph Run(Graph graph, GraphWorkspace workspace)
    {
        var edit = new GraphEdit(graph);
        foreach (var node in graph.Nodes)
        {
            if (node.Op is not AvgPool2dOp pool || PointwisePrologue.Reader(edit, node.Outputs[0]) is not { } conv)
                continue;
            var op = (FusedConv2dOp)conv.Op;
            // What the convolution loads already comes behind this pool.
            if (op.Prologue != default)
                continue;
            edit.Absorb(node);
            edit.Replace(conv, new GraphNode(op with { Prologue = new ConvPrologue(0, pool) }, [node.Inputs[0], .. conv.Inputs.Skip(1)], conv.Outputs, conv.Module));
        }

        workspace.Report($"fuse pool and 1x1 convolution: {edit.Changes}");
        return edit.Apply();
    }
}
