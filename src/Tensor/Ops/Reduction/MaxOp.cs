namespace ResNeSt.Tensors;

/// <summary>Largest element over a set of axes. NaN wins; elements that tie for the maximum share the gradient equally.</summary>
/// <param name="Axes">The axes that are reduced; an empty set copies.</param>
/// <param name="KeepAxes">Keep them with extent one instead of dropping them.</param>
public sealed record MaxOp(Axes Axes, bool KeepAxes) : ReduceOp(Axes, KeepAxes)
{
    /// <inheritdoc/>
    public override bool SavesOutput(int index) => true;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var outputs = base.Infer(inputs);
        if (ReductionShape.Terms(inputs[0].Shape, Axes) == 0)
            throw Error($"no elements along axes {Axes} to take the maximum of", inputs);
        return outputs;
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var kept = ReductionShape.Kept(context.InputSpec(0).Shape, Axes);
        var ties = context.Input(0).Equal(context.Output(0).Reshape(kept));
        context.GiveGrad(0, ties * (context.GradOutput().Reshape(kept) / ties.Sum(Axes, keepAxes: true)));
    }
}

/// <summary>Calls of <see cref="MaxOp"/>.</summary>
public static class MaxExtensions
{
    extension(Tensor x)
    {
        /// <summary>Largest element over some axes.</summary>
        /// <param name="axes">Axes counted from the front.</param>
        /// <param name="keepAxes">Keep them with extent one.</param>
        public Tensor Max(Axes axes, bool keepAxes = false) => OpDispatcher.Run(new MaxOp(axes, keepAxes), x)[0];

        /// <summary>Largest element of all elements, a scalar.</summary>
        public Tensor Max() => x.Max(Axes.All(x.Shape.Rank));
    }
}
