using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>The two small layers of split attention and the softmax over the splits become one step; so do those of squeeze-and-excitation, whose sigmoid
/// is the r-softmax of one split.</summary>
public static class FuseAttentionGate
{
    /// <summary>Runs the optimisation.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="workspace">Where it was made.</param>
    public static Graph Run(Graph graph, GraphWorkspace workspace)
    {
        var edit = new GraphEdit(graph);
        foreach (var softmax in graph.Nodes)
        {
            if (softmax.Op is not (RadixSoftmaxOp or SigmoidOp) || SmallLayer(edit, softmax.Inputs[0]) is not { } second
                || SmallLayer(edit, second.Inputs[0]) is not { } first)
            {
                continue;
            }

            var (opOfFirst, opOfSecond) = ((FusedConv2dOp)first.Op, (FusedConv2dOp)second.Op);
            int groups = opOfSecond.Geometry.Groups;
            var (radix, cardinality) = softmax.Op is RadixSoftmaxOp split ? (split.Radix, split.Cardinality) : (1, groups);
            if (opOfFirst.Geometry.Groups != groups || cardinality != groups || opOfSecond.Epilogue.Activation != ActivationKind.None)
                continue;
            edit.Absorb(first);
            edit.Absorb(second);
            edit.Replace(softmax, new GraphNode(new SplitAttentionGateOp(radix, cardinality, opOfFirst.Epilogue.Activation),
                [.. first.Inputs, second.Inputs[1], second.Inputs[2]], softmax.Outputs, softmax.Module));
        }

        workspace.Report($"fuse attention gate: {edit.Changes}");
        return edit.Apply();
    }

    /// <summary>The plain 1×1 convolution of one pixel that writes a value which nobody else reads.</summary>
    private static GraphNode? SmallLayer(GraphEdit edit, GraphValue value) =>
        value.Shape is { Rank: 4 } shape && shape[2] == 1 && shape[3] == 1
        && edit.Graph.OnlyConsumer(value) is not null
        && edit.FreeProducer(value) is { Op: FusedConv2dOp op } conv
        && op.Prologue == default && !op.Epilogue.Residual && conv.Outputs.Count == 1
        && PointwisePrologue.IsPointwise(op, conv.Inputs[1].Shape)
            ? conv
            : null;
}
