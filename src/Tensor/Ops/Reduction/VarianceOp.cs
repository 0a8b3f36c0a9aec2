namespace ResNeSt.Tensors;

/// <summary>Variance over a set of axes, in two passes: Σ (x - mean)² / (n - Correction).</summary>
/// <param name="Axes">The axes that are reduced.</param>
/// <param name="KeepAxes">Keep them with extent one instead of dropping them.</param>
/// <param name="Correction">1 for the unbiased estimate, 0 for the variance of the values themselves.</param>
public sealed record VarianceOp(Axes Axes, bool KeepAxes, double Correction) : CompositeReduceOp(Axes, KeepAxes)
{
    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 4L * inputs[0].ElementCount);

    /// <inheritdoc/>
    protected override Tensor Define(Tensor x)
    {
        double divisor = Math.Max(0, ReductionShape.Terms(x.Shape, Axes) - Correction);
        return (x - x.Mean(Axes, keepAxes: true)).Square().Sum(Axes, KeepAxes) * (1 / divisor);
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var x = context.Input(0);
        double divisor = Math.Max(0, ReductionShape.Terms(x.Shape, Axes) - Correction);
        var slope = context.GradOutput().Reshape(ReductionShape.Kept(x.Shape, Axes)) * (2 / divisor);
        context.GiveGrad(0, (x - x.Mean(Axes, keepAxes: true)) * slope);
    }
}

/// <summary>Calls of <see cref="VarianceOp"/>.</summary>
public static class VarianceExtensions
{
    extension(Tensor x)
    {
        /// <summary>Variance over some axes.</summary>
        /// <param name="axes">Axes counted from the front.</param>
        /// <param name="keepAxes">Keep them with extent one.</param>
        /// <param name="correction">1 for the unbiased estimate, 0 for the variance of the values themselves.</param>
        public Tensor Variance(Axes axes, bool keepAxes = false, double correction = 1) => OpDispatcher.Run(new VarianceOp(axes, keepAxes, correction), x)[0];

        /// <summary>Variance of all elements, a scalar.</summary>
        /// <param name="correction">1 for the unbiased estimate, 0 for the variance of the values themselves.</param>
        public Tensor Variance(double correction = 1) => x.Variance(Axes.All(x.Shape.Rank), correction: correction);

        /// <summary>Standard deviation over some axes: the root of the variance.</summary>
        /// <param name="axes">Axes counted from the front.</param>
        /// <param name="keepAxes">Keep them with extent one.</param>
        /// <param name="correction">1 for the unbiased estimate, 0 for that of the values themselves.</param>
        public Tensor StandardDeviation(Axes axes, bool keepAxes = false, double correction = 1) => x.Variance(axes, keepAxes, correction).Sqrt();
    }
}
