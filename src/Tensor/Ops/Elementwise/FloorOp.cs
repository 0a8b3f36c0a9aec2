namespace ResNeSt.Tensors;

/// <summary>The largest integer that is not above x. The gradient is zero everywhere.</summary>
public sealed record FloorOp : UnaryOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) =>
        context.GiveGrad(0, Tensor.Zeros(context.InputSpec(0).Shape, context.InputSpec(0).DType, context.GradOutput().Device));
}

/// <summary>Calls of <see cref="FloorOp"/>.</summary>
public static class FloorExtensions
{
    extension(Tensor x)
    {
        /// <summary>Rounds every element down.</summary>
        public Tensor Floor() => OpDispatcher.Run(new FloorOp(), x)[0];

        /// <summary>Rounds every element toward zero.</summary>
        public Tensor Truncate() => x.Sign() * x.Abs().Floor();
    }
}
