using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>Batch norm behind a convolution or a fully connected layer becomes a factor of its weights and a bias.</summary>
/// <remarks>(w·x + b - μ)·f + β = (f·w)·x + (β + (b - μ)·f) with f = γ/√(σ² + ε), computed in double; whoever packs the weights applies f to them
/// before he rounds. A layer whose output somebody else reads too is left as it is.</remarks>
public static class FoldBatchNorm
{
    /// <summary>Runs the optimisation.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="workspace">Where it was made; it owns the new biases.</param>
    public static Graph Run(Graph graph, GraphWorkspace workspace)
    {
        var edit = new GraphEdit(graph);
        int norms = 0;
        foreach (var norm in graph.Nodes)
        {
            if (norm.Op is not BatchNormInferenceOp op)
                continue;
            norms++;
            var x = norm.Inputs[0];
            if (edit.FreeProducer(x) is not { } layer || graph.OnlyConsumer(x) != norm || !IsFoldable(layer) || !IsKnown(norm))
                continue;
            edit.Absorb(layer);
            edit.Replace(norm, new GraphNode(layer.Op, FoldedInputs(op, norm, layer, workspace), norm.Outputs, layer.Module));
        }

        workspace.Report($"fold batch norm: {edit.Changes} of {norms}");
        return edit.Apply();
    }

    /// <summary>Name of a bias beside a weight: <c>conv1.weight</c> gives <c>conv1.bias</c>.</summary>
    internal static string BiasName(string weight) =>
        weight.EndsWith("weight", StringComparison.Ordinal) ? weight[..^"weight".Length] + "bias" : weight + ".bias";

    private static GraphValue[] FoldedInputs(BatchNormInferenceOp op, GraphNode norm, GraphNode layer, GraphWorkspace workspace)
    {
        var (weight, spec) = (layer.Inputs[1], norm.Inputs[1].Spec);
        string name = layer.Inputs.Count == 3 ? layer.Inputs[2].Name : BiasName(weight.Name);
        // A network without values is traced to be looked at: its norms vanish all the same.
        if (norm.Inputs[1].Constant!.Tensor.Device == Device.Meta)
        {
            var unknown = workspace.Own(Tensor.Empty(spec.Shape, spec.DType, Device.Meta));
            return [layer.Inputs[0], weight, new GraphValue(spec, workspace.UniqueName(name), new GraphConstant(unknown))];
        }

        var (factors, bias) = Coefficients(op, norm, layer);
        return
        [
            layer.Inputs[0],
            new GraphValue(weight.Spec, workspace.UniqueName(weight.Name), weight.Constant!.Times(factors)),
            workspace.Constant(name, bias, spec),
        ];
    }

    private static bool IsFoldable(GraphNode layer)
    {
        // A fully connected layer's features are the channels only where there is nothing between batch and features.
        if (!(layer.Op is Conv2dOp || (layer.Op is LinearOp && layer.Outputs[0].Shape.Rank == 2)))
            return false;
        for (int i = 1; i < layer.Inputs.Count; i++)
        {
            if (layer.Inputs[i].Constant is null)
                return false;
        }

        return true;
    }

    private static bool IsKnown(GraphNode norm)
    {
        for (int i = 1; i < 5; i++)
        {
            if (norm.Inputs[i].Constant is null)
                return false;
        }

        return true;
    }

    private static (double[] Factors, double[] Bias) Coefficients(BatchNormInferenceOp op, GraphNode norm, GraphNode layer)
    {
        double[] gamma = Values(1), beta = Values(2), mean = Values(3), variance = Values(4);
        double[]? before = layer.Inputs.Count == 3 ? layer.Inputs[2].Constant!.ToDoubles() : null;
        for (int c = 0; c < gamma.Length; c++)
        {
            gamma[c] /= Math.Sqrt(variance[c] + op.Epsilon);
            beta[c] += ((before?[c] ?? 0) - mean[c]) * gamma[c];
        }

        return (gamma, beta);

        double[] Values(int input) => norm.Inputs[input].Constant!.ToDoubles();
    }
}
