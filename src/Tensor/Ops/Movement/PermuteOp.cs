namespace ResNeSt.Tensors;

/// <summary>Another order of the axes: axis i of the result is axis Permutation[i] of the input. Copies, for tensors are always dense.</summary>
/// <param name="Permutation">The input's axes in the order of the result.</param>
public sealed record PermuteOp(Permutation Permutation) : PrimitiveOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        var shape = inputs[0].Shape;
        if (Permutation.Rank != shape.Rank)
            throw Error($"the order {Permutation} has {Permutation.Rank} axes, the input {shape.Rank}", inputs);
        var extents = new int[shape.Rank];
        for (int i = 0; i < extents.Length; i++)
            extents[i] = shape[Permutation[i]];
        return [new TensorSpec(Shape.Create(extents), inputs[0].DType)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 0);

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) => context.GiveGrad(0, context.GradOutput().Permute(Permutation.Inverse()));
}

/// <summary>Calls of <see cref="PermuteOp"/>.</summary>
public static class PermuteExtensions
{
    extension(Tensor x)
    {
        /// <summary>Another order of the axes: <c>nchw.Permute([0, 2, 3, 1])</c> is NHWC.</summary>
        public Tensor Permute(Permutation order) => OpDispatcher.Run(new PermuteOp(order), x)[0];

        /// <summary>Exchanges two axes.</summary>
        /// <param name="first">An axis; negative values count from the last.</param>
        /// <param name="second">The other axis.</param>
        public Tensor Transpose(int first, int second)
        {
            var order = new int[x.Shape.Rank];
            for (int i = 0; i < order.Length; i++)
                order[i] = i;
            int a = x.Shape.NormalizeAxis(first, "transpose");
            int b = x.Shape.NormalizeAxis(second, "transpose");
            (order[a], order[b]) = (b, a);
            return x.Permute(Permutation.Of(order));
        }
    }
}
