namespace ResNeSt.Tensors;

/// <summary>Sum over a set of axes.</summary>
/// <param name="Axes">The axes that are summed over; an empty set copies.</param>
/// <param name="KeepAxes">Keep the summed axes with extent one instead of dropping them.</param>
public sealed record SumOp(Axes Axes, bool KeepAxes) : ReduceOp(Axes, KeepAxes)
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var shape = context.InputSpec(0).Shape;
        context.GiveGrad(0, context.GradOutput().Reshape(ReductionShape.Kept(shape, Axes)).BroadcastTo(shape));
    }
}

/// <summary>Calls of <see cref="SumOp"/>.</summary>
public static class SumExtensions
{
    extension(Tensor x)
    {
        /// <summary>Sum over some axes.</summary>
        /// <param name="axes">Axes counted from the front.</param>
        /// <param name="keepAxes">Keep them with extent one.</param>
        public Tensor Sum(Axes axes, bool keepAxes = false) => OpDispatcher.Run(new SumOp(axes, keepAxes), x)[0];

        /// <summary>Sum of all elements, a scalar.</summary>
        public Tensor Sum() => x.Sum(Axes.All(x.Shape.Rank));
    }
}
