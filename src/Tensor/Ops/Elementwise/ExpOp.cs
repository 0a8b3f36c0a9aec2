namespace ResNeSt.Tensors;

/// <summary>Exponential function.</summary>
public sealed record ExpOp : UnaryOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override bool SavesOutput(int index) => true;

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) => context.GiveGrad(0, context.GradOutput() * context.Output(0));
}

/// <summary>Calls of <see cref="ExpOp"/>.</summary>
public static class ExpExtensions
{
    extension(Tensor x)
    {
        /// <summary>The exponential of every element.</summary>
        public Tensor Exp() => OpDispatcher.Run(new ExpOp(), x)[0];
    }
}
