using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>The attention-weighted sum of the splits is computed while the 1×1 convolution behind it loads its input, with the pool between them if
/// there is one: the weighted map never exists in memory.</summary>
/// <remarks>A product of a map and one number for each channel, as squeeze-and-excitation has it, becomes the attention-weighted sum of one split first.</remarks>
public static class FuseAttentionSum
{
    /// <summary>Runs the optimisation; <see cref="FusePoolShortcut"/> comes before it.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="workspace">Where it was made.</param>
    public static Graph Run(Graph graph, GraphWorkspace workspace)
    {
        graph = Normalize(graph);
        var edit = new GraphEdit(graph);
        int sums = 0;
        foreach (var node in graph.Nodes)
        {
            if (node.Op is not AttentionWeightedSumOp { Radix: var radix })
                continue;
            sums++;
            if (PointwisePrologue.Reader(edit, node.Outputs[0]) is not { } conv)
                continue;
            var op = (FusedConv2dOp)conv.Op;
            if (op.Prologue.AttentionRadix > 0)
                continue;
            edit.Absorb(node);
            GraphValue[] inputs = [node.Inputs[0], conv.Inputs[1], conv.Inputs[2], node.Inputs[1], .. conv.Inputs.Skip(3)];
            edit.Replace(conv, new GraphNode(op with { Prologue = op.Prologue with { AttentionRadix = radix } }, inputs, conv.Outputs, conv.Module));
        }

        workspace.Report($"fuse attention sum and 1x1 convolution: {edit.Changes} of {sums}");
        return edit.Apply();
    }

    private static Graph Normalize(Graph graph)
    {
        var edit = new GraphEdit(graph);
        foreach (var node in graph.Nodes)
        {
            if (node.Op is not MultiplyOp)
                continue;
            for (int i = 0; i < 2; i++)
            {
                var (map, gate) = (node.Inputs[i], node.Inputs[1 - i]);
                if (map.Shape.Rank != 4 || map.Shape == gate.Shape || map.Constant is not null || gate.Constant is not null
                    || gate.Shape != [map.Shape[0], map.Shape[1], 1, 1])
                {
                    continue;
                }

                edit.Replace(node, new GraphNode(new AttentionWeightedSumOp(1), [map, gate], node.Outputs, node.Module));
                break;
            }
        }

        return edit.Apply();
    }
}
