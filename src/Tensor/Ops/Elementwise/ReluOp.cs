namespace ResNeSt.Tensors;

/// <summary>max(x, 0). NaN stays NaN; the gradient at zero is zero.</summary>
public sealed record ReluOp : UnaryOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override bool SavesOutput(int index) => true;

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) =>
        context.GiveGrad(0, OpDispatcher.Run(new ReluGradOp(), context.Output(0), context.GradOutput())[0]);
}

/// <summary>Calls of <see cref="ReluOp"/>.</summary>
public static class ReluExtensions
{
    extension(Tensor x)
    {
        /// <summary>Sets negative elements to zero.</summary>
        public Tensor Relu() => OpDispatcher.Run(new ReluOp(), x)[0];
    }
}
