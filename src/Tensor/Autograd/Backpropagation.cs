namespace ResNeSt.Tensors;

/// <summary>Reverse-mode differentiation: walks the recorded nodes from newest to oldest and sums gradients on the way.</summary>
public static class Backpropagation
{
    /// <summary>Adds the gradients of <paramref name="root"/> to <see cref="Tensor.Grad"/> of every leaf; see <see cref="Tensor.Backward"/>.</summary>
    internal static void Run(Tensor root, Tensor? gradient)
    {
        if (!root.NeedsGrad)
            throw new InvalidOperationException($"backward: nothing was recorded for {root.Spec}: no input required gradients, or recording was off");
        if (gradient is null && root.Spec.ElementCount != 1)
            throw new InvalidOperationException($"backward: {root.Spec} is no scalar; give the upstream gradient");
        if (gradient is not null && gradient.Spec != root.Spec)
            throw new ShapeException($"backward: the upstream gradient is {gradient.Spec}, the tensor {root.Spec}");
        using var scope = new TensorScope();
        using var off = GradMode.Off();
        var seed = gradient ?? Tensor.Ones(root.Shape, root.DType, root.Device);
        Walk([root], [seed], static (leaf, arriving) => leaf.Grad = Accumulate(leaf.Grad, arriving));
    }

    /// <summary>The gradients of outputs with respect to chosen leaves, without touching <see cref="Tensor.Grad"/>.</summary>
    /// <param name="outputs">Results of recorded operators; their graph is consumed.</param>
    /// <param name="cotangents">Upstream gradient of each output; null where there is none.</param>
    /// <param name="inputs">Leaves that require gradients.</param>
    /// <returns>One gradient per leaf, null where none flows; owned by the current scope.</returns>
    public static Tensor?[] Gradients(ReadOnlySpan<Tensor> outputs, ReadOnlySpan<Tensor?> cotangents, ReadOnlySpan<Tensor> inputs)
    {
        var sums = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        try
        {
            using (GradMode.Off())
                Walk(outputs, cotangents, (leaf, arriving) => sums[leaf] = Accumulate(sums.GetValueOrDefault(leaf), arriving));
            var result = new Tensor?[inputs.Length];
            for (int i = 0; i < result.Length; i++)
                result[i] = sums.TryGetValue(inputs[i], out var sum) ? sum.Detach() : null;
            return result;
        }
        finally
        {
            foreach (var sum in sums.Values)
                sum.Dispose();
        }
    }

    /// <summary>Walks from some roots to the leaves.</summary>
    /// <param name="roots">Results of recorded operators, or leaves.</param>
    /// <param name="seeds">Upstream gradient of each; null where there is none.</param>
    /// <param name="reachLeaf">Takes what arrives at a leaf, perhaps several times; the gradient is borrowed.</param>
    internal static void Walk(ReadOnlySpan<Tensor> roots, ReadOnlySpan<Tensor?> seeds, Action<Tensor, Tensor> reachLeaf)
    {
        var pending = new PriorityQueue<GradNode, long>();
        var arrived = new Dictionary<GradNode, Tensor?[]>();
        try
        {
            for (int i = 0; i < roots.Length; i++)
            {
                if (seeds[i] is { } seed)
                    Send(new GradNode.Edge(roots[i].Node, roots[i].NodeOutput, roots[i].Node is null && roots[i].RequiresGrad ? roots[i] : null), seed);
            }

            while (pending.TryDequeue(out var node, out _))
            {
                if (node.Consumed)
                    throw new InvalidOperationException($"backward: the graph through '{node.Name}' was already consumed by an earlier backward");
                // What the rule computes dies with this scope, except what Send shares onward.
                using var scope = new TensorScope();
                var context = new BackwardContext(node, arrived[node], reachLeaf);
                node.Backward(context);
                node.Consume();
                for (int i = 0; i < node.Edges.Length; i++)
                {
                    if (context.GradInputs[i] is { } gradient)
                        Send(node.Edges[i], gradient);
                }

                arrived.Remove(node, out var used);
                DisposeAll(used!);
            }
        }
        finally
        {
            foreach (var gradients in arrived.Values)
                DisposeAll(gradients);
        }

        void Send(GradNode.Edge edge, Tensor gradient)
        {
            if (edge.Leaf is { } leaf)
                reachLeaf(leaf, gradient);
            if (edge.Node is not { } node)
                return;
            if (!arrived.TryGetValue(node, out var gradients))
            {
                arrived.Add(node, gradients = new Tensor?[node.OutputSpecs.Length]);
                pending.Enqueue(node, -node.Sequence);
            }

            gradients[edge.Output] = Accumulate(gradients[edge.Output], gradient);
        }
    }

    /// <summary>The sum as a handle of its own, outside of every scope; takes over <paramref name="sum"/>, borrows <paramref name="arriving"/>.</summary>
    internal static Tensor Accumulate(Tensor? sum, Tensor arriving)
    {
        if (sum is null)
            return arriving.Share();
        var total = TensorScope.Release(sum + arriving);
        sum.Dispose();
        return total;
    }

    private static void DisposeAll(Tensor?[] tensors)
    {
        foreach (var tensor in tensors)
            tensor?.Dispose();
    }
}
