namespace ResNeSt.Tensors;

/// <summary>Sign change: -x.</summary>
public sealed record NegateOp : UnaryOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) => context.GiveGrad(0, -context.GradOutput());
}

/// <summary>Calls of <see cref="NegateOp"/>.</summary>
public static class NegateExtensions
{
    extension(Tensor x)
    {
        /// <summary>Changes every sign; also written <c>-x</c>.</summary>
        public Tensor Negate() => OpDispatcher.Run(new NegateOp(), x)[0];
    }
}

public sealed partial class Tensor
{
    /// <summary>Changes every sign; see <see cref="NegateOp"/>.</summary>
    public static Tensor operator -(Tensor x) => OpDispatcher.Run(new NegateOp(), x)[0];
}
