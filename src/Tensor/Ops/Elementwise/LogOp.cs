namespace ResNeSt.Tensors;

/// <summary>Natural logarithm: -∞ at zero, NaN below.</summary>
public sealed record LogOp : UnaryOp
{
    /// <inheritdoc/>
    public override void Backward(BackwardContext context) => context.GiveGrad(0, context.GradOutput() / context.Input(0));
}

/// <summary>Calls of <see cref="LogOp"/>.</summary>
public static class LogExtensions
{
    extension(Tensor x)
    {
        /// <summary>The natural logarithm of every element.</summary>
        public Tensor Log() => OpDispatcher.Run(new LogOp(), x)[0];
    }
}
