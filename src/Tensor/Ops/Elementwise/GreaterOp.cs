namespace ResNeSt.Tensors;

/// <summary>1 where a &gt; b, else 0 (also for NaN), in the type of the inputs, with broadcasting.</summary>
public sealed record GreaterOp : BinaryOp
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

/// <summary>Calls of <see cref="GreaterOp"/>.</summary>
public static class GreaterExtensions
{
    extension(Tensor x)
    {
        /// <summary>1 where the element is greater than the other one, else 0.</summary>
        public Tensor Greater(Tensor other) => OpDispatcher.Run(new GreaterOp(), x, other)[0];
    }
}
