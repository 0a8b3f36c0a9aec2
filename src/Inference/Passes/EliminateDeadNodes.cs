using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>Takes away nodes whose results nobody reads.</summary>
public static class EliminateDeadNodes
{
    /// <summary>Runs the optimisation.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="workspace">Where it was made.</param>
    public static Graph Run(Graph graph, GraphWorkspace workspace)
    {
        var needed = new HashSet<GraphValue>(graph.Outputs);
        var edit = new GraphEdit(graph);
        int dead = 0;
        for (int i = graph.Nodes.Count - 1; i >= 0; i--)
        {
            var node = graph.Nodes[i];
            if (node.Outputs.Any(needed.Contains))
            {
                needed.UnionWith(node.Inputs);
                continue;
            }

            edit.Absorb(node);
            dead++;
        }

        workspace.Report($"eliminate dead nodes: {dead} of {graph.Nodes.Count}");
        return edit.Apply();
    }
}
