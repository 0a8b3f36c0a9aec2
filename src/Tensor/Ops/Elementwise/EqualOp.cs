namespace ResNeSt.Tensors;

/// <summary>1 where a = b, else 0 (also for NaN), in the type of the inputs, with broadcasting.</summary>
public sealed record EqualOp : BinaryOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override bool IsDifferentiable(int output) => false;

    /// <summary>Nothing: no gradient flows through a comparison.</summary>
    public override void Backward(BackwardContext context)
    {
    }
}

/// <summary>Calls of <see cref="EqualOp"/>.</summary>
public static class EqualExtensions
{
    extension(Tensor x)
    {
        /// <summary>1 where the element equals the other one, else 0.</summary>
        public Tensor Equal(Tensor other) => OpDispatcher.Run(new EqualOp(), x, other)[0];
    }
}
