namespace ResNeSt.Tensors;

/// <summary>Magnitude: |x|. The gradient at zero is zero.</summary>
public sealed record AbsOp : UnaryOp
{
    /// <inheritdoc/>
    public override void Backward(BackwardContext context) => context.GiveGrad(0, context.GradOutput() * context.Input(0).Sign());
}

/// <summary>Calls of <see cref="AbsOp"/>.</summary>
public static class AbsExtensions
{
    extension(Tensor x)
    {
        /// <summary>The magnitude of every element.</summary>
        public Tensor Abs() => OpDispatcher.Run(new AbsOp(), x)[0];
    }
}
