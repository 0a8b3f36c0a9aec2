using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>What the optimisations share that move work into the load of a 1×1 convolution.</summary>
internal static class PointwisePrologue
{
    /// <summary>The 1×1 convolution of stride one that alone reads a value, as its input and nothing else, and is free to be changed.</summary>
    public static GraphNode? Reader(GraphEdit edit, GraphValue value)
    {
        if (edit.FreeConsumer(value) is not { Op: FusedConv2dOp op } conv || conv.Inputs[0] != value || !IsPointwise(op, conv.Inputs[1].Shape))
            return null;
        for (int i = 1; i < conv.Inputs.Count; i++)
        {
            if (conv.Inputs[i] == value)
                return null;
        }

        return conv;
    }

    /// <summary>Whether a convolution sees one pixel for each pixel.</summary>
    public static bool IsPointwise(FusedConv2dOp op, Shape weight) =>
        weight[2] == 1 && weight[3] == 1
        && op.Geometry is { StrideH: 1, StrideW: 1, PadTop: 0, PadLeft: 0, PadBottom: 0, PadRight: 0 };
}
