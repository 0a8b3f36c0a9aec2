using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>The mean over the plane, or that of the sum of splits, is taken while the convolution before it stores its output.</summary>
/// <remarks>Whatever way a mean over the plane is written, it becomes <see cref="RadixSumGlobalAvgPoolOp"/> first; behind a convolution it vanishes into
/// its epilogue, elsewhere it stays.</remarks>
public static class FuseRadixPool
{
    /// <summary>Runs the optimisation.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="workspace">Where it was made.</param>
    public static Graph Run(Graph graph, GraphWorkspace workspace)
    {
        graph = Normalize(graph, workspace);
        var edit = new GraphEdit(graph);
        int pools = 0;
        foreach (var pool in graph.Nodes)
        {
            if (pool.Op is not RadixSumGlobalAvgPoolOp { Radix: var radix })
                continue;
            pools++;
            if (edit.FreeProducer(pool.Inputs[0]) is not { Op: FusedConv2dOp op } conv || conv.Outputs.Count > 1)
                continue;
            var fused = op with { Epilogue = op.Epilogue with { PoolRadix = radix } };
            edit.Replace(conv, new GraphNode(fused, conv.Inputs, [conv.Outputs[0], pool.Outputs[0]], conv.Module));
            edit.Absorb(pool);
        }

        workspace.Report($"fuse radix pool: {edit.Changes} of {pools} means over the plane");
        return edit.Apply();
    }

    /// <summary>Makes every mean over the plane a <see cref="RadixSumGlobalAvgPoolOp"/> of radix one, with a reshape where the axes are dropped.</summary>
    private static Graph Normalize(Graph graph, GraphWorkspace workspace)
    {
        var edit = new GraphEdit(graph);
        foreach (var node in graph.Nodes)
        {
            if (edit.IsTaken(node) || node.Inputs[0].Shape is not { Rank: 4 } shape || shape[2] * shape[3] == 0)
                continue;
            Axes plane = [2, 3];
            var last = node.Op switch
            {
                MeanOp mean when mean.Axes == plane => node,
                AdaptiveAvgPool2dOp { Height: 1, Width: 1 } => node,
                AvgPool2dOp { DivisorOverride: 0 } pool when IsWholePlane(pool.Geometry, shape) => node,
                SumOp sum when sum.Axes == plane && edit.FreeConsumer(node.Outputs[0]) is { Op: AffineOp affine } scaled
                    && affine == new AffineOp(1.0 / (shape[2] * shape[3]), 0) => scaled,
                _ => null,
            };
            if (last is null)
                continue;
            if (last != node)
                edit.Absorb(node);
            var output = last.Outputs[0];
            var op = new RadixSumGlobalAvgPoolOp(1);
            if (output.Shape.Rank == 4)
                edit.Replace(last, new GraphNode(op, [node.Inputs[0]], [output], node.Module));
            else
            {
                var pooled = new GraphValue(op.Infer([node.Inputs[0].Spec])[0], workspace.UniqueName(output.Name));
                edit.Replace(last, new GraphNode(op, [node.Inputs[0]], [pooled], node.Module), new GraphNode(new ReshapeOp(output.Shape), [pooled], [output], node.Module));
            }
        }

        return edit.Apply();
    }

    private static bool IsWholePlane(PoolGeometry pool, Shape shape) =>
        pool is { PadTop: 0, PadLeft: 0, PadBottom: 0, PadRight: 0 } && pool.KernelH == shape[2] && pool.KernelW == shape[3];
}
