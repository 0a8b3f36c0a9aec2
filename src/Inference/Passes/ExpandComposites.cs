using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>Replaces composite operators that the device cannot run as one by their definition, down to operators that it can run.</summary>
public static class ExpandComposites
{
    /// <summary>Expands where needed.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="workspace">Where it was made; its device decides.</param>
    public static Graph Run(Graph graph, GraphWorkspace workspace) => Run(graph, workspace, (op, inputs) => workspace.Backend.CanLower(op, inputs));

    /// <summary>Expands what somebody else cannot run as one.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="workspace">Where it was made.</param>
    /// <param name="keeps">Whether an operator on inputs of such specs stays as it is.</param>
    public static Graph Run(Graph graph, GraphWorkspace workspace, Func<Op, TensorSpec[], bool> keeps)
    {
        int expanded = graph.Nodes.Count(node => MustExpand(node.Op, node.InputSpecs));
        if (expanded == 0)
        {
            workspace.Report("expand composites: none, the device takes every operator as it is");
            return graph;
        }

        using var off = GradMode.Off();
        using var trace = new GraphTrace(workspace, graph.Inputs[0].Spec.DType, MustExpand);
        var replaced = new Dictionary<GraphValue, GraphValue>();
        foreach (var node in graph.Nodes)
        {
            var inputs = new GraphValue[node.Inputs.Count];
            bool same = true;
            for (int i = 0; i < inputs.Length; i++)
            {
                inputs[i] = replaced.GetValueOrDefault(node.Inputs[i], node.Inputs[i]);
                same &= inputs[i] == node.Inputs[i];
            }

            if (!MustExpand(node.Op, node.InputSpecs))
            {
                trace.Nodes.Add(same ? node : new GraphNode(node.Op, inputs, node.Outputs, node.Module));
                continue;
            }

            trace.Module = node.Module;
            var outputs = OpDispatcher.Run(node.Op, [.. inputs.Select(trace.TensorOf)]);
            for (int i = 0; i < outputs.Length; i++)
                replaced.Add(node.Outputs[i], trace.ValueOf(outputs[i]));
        }

        workspace.Report($"expand composites: {expanded} operators replaced by their definition");
        return new Graph(trace.Nodes, graph.Inputs, [.. graph.Outputs.Select(output => replaced.GetValueOrDefault(output, output))]);

        bool MustExpand(Op op, TensorSpec[] inputs) => op is CompositeOp && !keeps(op, inputs);
    }
}
