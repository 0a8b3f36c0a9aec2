using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>The optimisations in their order.</summary>
public static class GraphPasses
{
    /// <summary>Runs every optimisation.</summary>
    /// <param name="graph">The graph as traced.</param>
    /// <param name="workspace">Where it was traced.</param>
    /// <returns>A graph that computes the same, up to rounding.</returns>
    public static Graph Optimize(Graph graph, GraphWorkspace workspace)
    {
        graph = EliminateDeadNodes.Run(graph, workspace);
        graph = RemoveNoOps.Run(graph, workspace);
        graph = FoldConstants.Run(graph, workspace);
        graph = FoldBatchNorm.Run(graph, workspace);
        graph = FuseConvActivation.Run(graph, workspace);
        graph = FuseRadixPool.Run(graph, workspace);
        graph = FusePoolShortcut.Run(graph, workspace);
        graph = FuseAttentionGate.Run(graph, workspace);
        graph = FuseAttentionSum.Run(graph, workspace);
        // A reshape is left behind where a mean was joined that drops its axes.
        graph = RemoveNoOps.Run(graph, workspace);
        return EliminateDeadNodes.Run(graph, workspace);
    }
}
