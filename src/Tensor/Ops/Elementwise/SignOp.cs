namespace ResNeSt.Tensors;

/// <summary>-1, 0 or 1; zero for NaN. The gradient is zero everywhere.</summary>
public sealed record SignOp : UnaryOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) =>
        context.GiveGrad(0, Tensor.Zeros(context.InputSpec(0).Shape, context.InputSpec(0).DType, context.GradOutput().Device));
}

/// <summary>Calls of <see cref="SignOp"/>.</summary>
public static class SignExtensions
{
    extension(Tensor x)
    {
        /// <summary>-1, 0 or 1 by the sign of every element.</summary>
        public Tensor Sign() => OpDispatcher.Run(new SignOp(), x)[0];
    }
}
