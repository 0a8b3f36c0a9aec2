namespace ResNeSt.Tensors;

/// <summary>x · x.</summary>
public sealed record SquareOp : UnaryOp
{
    /// <inheritdoc/>
    public override void Backward(BackwardContext context) => context.GiveGrad(0, context.GradOutput() * context.Input(0) * 2);
}

/// <summary>Calls of <see cref="SquareOp"/>.</summary>
public static class SquareExtensions
{
    extension(Tensor x)
    {
        /// <summary>The square of every element.</summary>
        public Tensor Square() => OpDispatcher.Run(new SquareOp(), x)[0];
    }
}
