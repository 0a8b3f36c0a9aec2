namespace ResNeSt.Tensors;

/// <summary>Power, element by element with broadcasting: a to the b, by the rules of C's <c>pow</c>.</summary>
public sealed record PowerOp : BinaryOp
{
    /// <inheritdoc/>
    public override bool SavesOutput(int index) => true;

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var (a, b, dy) = (context.Input(0), context.Input(1), context.GradOutput());
        var zero = Tensor.Zeros(Shape.Scalar, dy.DType, dy.Device);
        // b · a^(b-1) is zero for b = 0, even where a^(-1) is infinite; y · log a is zero for a = 0 and b ≥ 0.
        if (context.Needs(0))
            context.GiveGrad(0, Broadcasting.SumTo(b.Equal(zero).Where(zero, dy * (b * a.Power(b - 1))), a.Shape));
        if (context.Needs(1))
        {
            var vanishes = a.Equal(zero) * (b.Greater(zero) + b.Equal(zero));
            context.GiveGrad(1, Broadcasting.SumTo(vanishes.Where(zero, dy * (context.Output(0) * a.Log())), b.Shape));
        }
    }
}

/// <summary>Calls of <see cref="PowerOp"/>.</summary>
public static class PowerExtensions
{
    extension(Tensor x)
    {
        /// <summary>Every element to the power of an exponent tensor, with broadcasting.</summary>
        public Tensor Power(Tensor exponent) => OpDispatcher.Run(new PowerOp(), x, exponent)[0];

        /// <summary>Every element to one power.</summary>
        public Tensor Power(double exponent) => x.Power(Tensor.Full(exponent, Shape.Scalar, x.DType, x.Device));
    }
}
