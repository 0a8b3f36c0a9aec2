namespace ResNeSt.Tensors;

/// <summary>min(max(x, Min), Max). NaN stays NaN; the gradient is one between the bounds and at them, zero outside.</summary>
/// <param name="Min">Lower bound; -∞ for none.</param>
/// <param name="Max">Upper bound; ∞ for none.</param>
public sealed record ClampOp(double Min, double Max) : UnaryOp
{
    /// <inheritdoc/>
    public override void Backward(BackwardContext context) =>
        context.GiveGrad(0, OpDispatcher.Run(new ClampGradOp(Min, Max), context.Input(0), context.GradOutput())[0]);
}

/// <summary>Calls of <see cref="ClampOp"/>.</summary>
public static class ClampExtensions
{
    extension(Tensor x)
    {
        /// <summary>Limits every element to [<paramref name="min"/>, <paramref name="max"/>].</summary>
        public Tensor Clamp(double min, double max) => OpDispatcher.Run(new ClampOp(min, max), x)[0];

        /// <summary>Limits every element to [0, 6].</summary>
        public Tensor Relu6() => x.Clamp(0, 6);

        /// <summary>Limits every element by bounds that are tensors themselves, with broadcasting; the upper one wins where they cross.</summary>
        /// <param name="min">Lower bounds, or null for none.</param>
        /// <param name="max">Upper bounds, or null for none.</param>
        public Tensor Clamp(Tensor? min, Tensor? max)
        {
            var raised = min is null ? x : x.Maximum(min);
            return max is null ? raised : raised.Minimum(max);
        }
    }
}
