namespace ResNeSt.Tensors;

/// <summary>Square root: NaN below zero; the gradient at zero is infinite.</summary>
public sealed record SqrtOp : UnaryOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override bool SavesOutput(int index) => true;

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) => context.GiveGrad(0, context.GradOutput() * 0.5 / context.Output(0));
}

/// <summary>Calls of <see cref="SqrtOp"/>.</summary>
public static class SqrtExtensions
{
    extension(Tensor x)
    {
        /// <summary>The square root of every element.</summary>
        public Tensor Sqrt() => OpDispatcher.Run(new SqrtOp(), x)[0];
    }
}
