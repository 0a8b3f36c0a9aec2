namespace ResNeSt.Tensors;

/// <summary>Arithmetic mean over a set of axes; NaN where there is nothing to average.</summary>
/// <param name="Axes">The axes that are averaged over; an empty set copies.</param>
/// <param name="KeepAxes">Keep them with extent one instead of dropping them.</param>
public sealed record MeanOp(Axes Axes, bool KeepAxes) : CompositeReduceOp(Axes, KeepAxes)
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    protected override Tensor Define(Tensor x) => x.Sum(Axes, KeepAxes) * (1.0 / ReductionShape.Terms(x.Shape, Axes));

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var shape = context.InputSpec(0).Shape;
        var share = context.GradOutput().Reshape(ReductionShape.Kept(shape, Axes)) * (1.0 / ReductionShape.Terms(shape, Axes));
        context.GiveGrad(0, share.BroadcastTo(shape));
    }
}

/// <summary>Calls of <see cref="MeanOp"/>.</summary>
public static class MeanExtensions
{
    extension(Tensor x)
    {
        /// <summary>Arithmetic mean over some axes.</summary>
        /// <param name="axes">Axes counted from the front.</param>
        /// <param name="keepAxes">Keep them with extent one.</param>
        public Tensor Mean(Axes axes, bool keepAxes = false) => OpDispatcher.Run(new MeanOp(axes, keepAxes), x)[0];

        /// <summary>Arithmetic mean of all elements, a scalar.</summary>
        public Tensor Mean() => x.Mean(Axes.All(x.Shape.Rank));
    }
}
