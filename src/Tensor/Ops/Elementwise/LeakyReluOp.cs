namespace ResNeSt.Tensors;

/// <summary>x above zero, Slope · x elsewhere; the gradient at zero is Slope.</summary>
/// <param name="Slope">Factor of negative elements.</param>
public sealed record LeakyReluOp(double Slope) : UnaryOp
{
    /// <inheritdoc/>
    public override void Backward(BackwardContext context) =>
        context.GiveGrad(0, OpDispatcher.Run(new LeakyReluGradOp(Slope), context.Input(0), context.GradOutput())[0]);
}

/// <summary>Calls of <see cref="LeakyReluOp"/>.</summary>
public static class LeakyReluExtensions
{
    extension(Tensor x)
    {
        /// <summary>Multiplies negative elements by <paramref name="slope"/>.</summary>
        public Tensor LeakyRelu(double slope = 0.01) => OpDispatcher.Run(new LeakyReluOp(slope), x)[0];
    }
}
