using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>A convolution takes over the addition and the activation behind it: y = act(conv(x) + b + residual).</summary>
/// <remarks>Every convolution with known weights becomes a <see cref="FusedConv2dOp"/>, also one with nothing behind it. Where two convolutions meet in
/// an addition, the later one takes it: it is the shortcut's, and cheaper to hold up than a 3×3.</remarks>
public static class FuseConvActivation
{
    /// <summary>Runs the optimisation.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="workspace">Where it was made; it owns biases of zeros.</param>
    public static Graph Run(Graph graph, GraphWorkspace workspace)
    {
        var edit = new GraphEdit(graph);
        int activations = 0, residuals = 0;
        for (int i = graph.Nodes.Count - 1; i >= 0; i--)
        {
            var conv = graph.Nodes[i];
            if (conv.Op is not Conv2dOp { Geometry: var geometry } || edit.IsTaken(conv) || !HasConstantWeights(conv))
                continue;
            var last = conv;
            GraphValue? residual = null;
            if (edit.FreeConsumer(last.Outputs[0]) is { Op: AddOp } add && Other(add, last.Outputs[0]) is { Constant: null } other
                && other.Spec == last.Outputs[0].Spec)
            {
                edit.Absorb(last);
                (last, residual) = (add, other);
                residuals++;
            }

            var activation = ActivationKind.None;
            if (edit.FreeConsumer(last.Outputs[0]) is { } next && KindOf(next.Op) is not ActivationKind.None and var kind)
            {
                edit.Absorb(last);
                (last, activation) = (next, kind);
                activations++;
            }

            var weight = conv.Inputs[1];
            var bias = conv.Inputs.Count == 3 ? conv.Inputs[2]
                : workspace.Constant(FoldBatchNorm.BiasName(weight.Name), new double[weight.Shape[0]], new TensorSpec([weight.Shape[0]], weight.Spec.DType));
            var op = new FusedConv2dOp(geometry, default, new ConvEpilogue(activation, residual is not null, 0));
            GraphValue[] inputs = residual is null ? [conv.Inputs[0], weight, bias] : [conv.Inputs[0], weight, bias, residual];
            edit.Replace(last, new GraphNode(op, inputs, last.Outputs, conv.Module));
        }

        workspace.Report($"fuse convolution and activation: {edit.Changes} convolutions, {activations} activations, {residuals} residuals");
        return edit.Apply();
    }

    private static bool HasConstantWeights(GraphNode conv)
    {
        for (int i = 1; i < conv.Inputs.Count; i++)
        {
            if (conv.Inputs[i].Constant is null)
                return false;
        }

        return true;
    }

    private static GraphValue? Other(GraphNode add, GraphValue one) =>
        add.Inputs[0] != one ? add.Inputs[0] : add.Inputs[1] != one ? add.Inputs[1] : null;

    private static ActivationKind KindOf(Op op) => op switch
    {
        ReluOp => ActivationKind.Relu,
        ClampOp { Min: 0, Max: 6 } => ActivationKind.Relu6,
        SiluOp => ActivationKind.Silu,
        _ => ActivationKind.None,
    };
}
