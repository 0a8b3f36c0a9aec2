namespace ResNeSt.Tensors;

/// <summary>One over the square root.</summary>
public sealed record RsqrtOp : UnaryOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override bool SavesOutput(int index) => true;

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) =>
        context.GiveGrad(0, context.GradOutput() * -0.5 * context.Output(0) * context.Output(0).Square());
}

/// <summary>Calls of <see cref="RsqrtOp"/>.</summary>
public static class RsqrtExtensions
{
    extension(Tensor x)
    {
        /// <summary>One over the square root of every element.</summary>
        public Tensor Rsqrt() => OpDispatcher.Run(new RsqrtOp(), x)[0];
    }
}
