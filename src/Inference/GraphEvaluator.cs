using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>Runs a graph node by node through <see cref="OpDispatcher"/>, on any device: slow, and the meaning that every optimisation must keep.</summary>
public static class GraphEvaluator
{
    /// <summary>Computes the outputs.</summary>
    /// <param name="graph">The graph; its constants must still be alive.</param>
    /// <param name="inputs">One tensor for each input, all on one device.</param>
    /// <returns>The outputs, owned by the current <see cref="TensorScope"/>.</returns>
    /// <exception cref="ShapeException">An input is not of the graph's spec.</exception>
    public static Tensor[] Run(Graph graph, params ReadOnlySpan<Tensor> inputs)
    {
        if (inputs.Length != graph.Inputs.Count)
            throw new ArgumentException($"graph: takes {graph.Inputs.Count} inputs, got {inputs.Length}", nameof(inputs));
        using var off = GradMode.Off();
        using var scope = new TensorScope();
        var tensors = new Dictionary<GraphValue, Tensor>();
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].Spec != graph.Inputs[i].Spec)
                throw new ShapeException($"graph: input {i} must be {graph.Inputs[i].Spec}, got {inputs[i].Spec}");
            tensors.Add(graph.Inputs[i], inputs[i]);
        }

        var device = inputs[0].Device;
        foreach (var node in graph.Nodes)
        {
            var outputs = OpDispatcher.Run(node.Op, [.. node.Inputs.Select(TensorOf)]);
            for (int i = 0; i < outputs.Length; i++)
                tensors.Add(node.Outputs[i], outputs[i]);
        }

        // A handle of its own for each output: two of them may be one value, or an input itself.
        return [.. graph.Outputs.Select(output => scope.Keep(TensorOf(output).Detach()))];

        Tensor TensorOf(GraphValue value)
        {
            if (tensors.TryGetValue(value, out var tensor))
                return tensor;
            var constant = value.Constant!;
            tensor = constant.IsScaled ? Tensor.FromDoubles(constant.ToDoubles(), value.Spec, device) : constant.Tensor.To(device);
            tensors.Add(value, tensor);
            return tensor;
        }
    }
}
