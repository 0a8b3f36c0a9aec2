namespace ResNeSt.Tensors;

/// <summary>Hyperbolic tangent.</summary>
public sealed record TanhOp : UnaryOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override bool SavesOutput(int index) => true;

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) => context.GiveGrad(0, context.GradOutput() * (1 - context.Output(0).Square()));
}

/// <summary>Calls of <see cref="TanhOp"/>.</summary>
public static class TanhExtensions
{
    extension(Tensor x)
    {
        /// <summary>The hyperbolic tangent of every element.</summary>
        public Tensor Tanh() => OpDispatcher.Run(new TanhOp(), x)[0];
    }
}
