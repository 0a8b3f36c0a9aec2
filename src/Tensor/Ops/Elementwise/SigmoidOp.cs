namespace ResNeSt.Tensors;

/// <summary>Logistic function: 1 / (1 + exp(-x)).</summary>
public sealed record SigmoidOp : UnaryOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override bool SavesOutput(int index) => true;

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) =>
        context.GiveGrad(0, context.GradOutput() * (context.Output(0) * (1 - context.Output(0))));
}

/// <summary>Calls of <see cref="SigmoidOp"/>.</summary>
public static class SigmoidExtensions
{
    extension(Tensor x)
    {
        /// <summary>The logistic function of every element.</summary>
        public Tensor Sigmoid() => OpDispatcher.Run(new SigmoidOp(), x)[0];
    }
}
