namespace ResNeSt.Tensors;

/// <summary>Smallest element over a set of axes. NaN wins; elements that tie for the minimum share the gradient equally.</summary>
/// <param name="Axes">The axes that are reduced; an empty set copies.</param>
/// <param name="KeepAxes">Keep them with extent one instead of dropping them.</param>
public sealed record MinOp(Axes Axes, bool KeepAxes) : CompositeReduceOp(Axes, KeepAxes)
{
    /// <inheritdoc/>
    protected override Tensor Define(Tensor x) => -(-x).Max(Axes, KeepAxes);
}

/// <summary>Calls of <see cref="MinOp"/>.</summary>
public static class MinExtensions
{
    extension(Tensor x)
    {
        /// <summary>Smallest element over some axes.</summary>
        /// <param name="axes">Axes counted from the front.</param>
        /// <param name="keepAxes">Keep them with extent one.</param>
        public Tensor Min(Axes axes, bool keepAxes = false) => OpDispatcher.Run(new MinOp(axes, keepAxes), x)[0];

        /// <summary>Smallest element of all elements, a scalar.</summary>
        public Tensor Min() => x.Min(Axes.All(x.Shape.Rank));
    }
}
