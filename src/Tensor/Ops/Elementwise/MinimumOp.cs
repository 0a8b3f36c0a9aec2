namespace ResNeSt.Tensors;

/// <summary>The smaller of two elements, with broadcasting. NaN wins; where both are equal, each gets half the gradient.</summary>
public sealed record MinimumOp : BinaryOp
{
    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var (a, b, dy) = (context.Input(0), context.Input(1), context.GradOutput());
        var zero = Tensor.Zeros(Shape.Scalar, dy.DType, dy.Device);
        // Comparisons with NaN are false: then both sides get the whole gradient, as in PyTorch.
        var shared = a.Equal(b).Where(dy * 0.5, dy);
        if (context.Needs(0))
            context.GiveGrad(0, Broadcasting.SumTo(a.Greater(b).Where(zero, shared), a.Shape));
        if (context.Needs(1))
            context.GiveGrad(1, Broadcasting.SumTo(b.Greater(a).Where(zero, shared), b.Shape));
    }
}

/// <summary>Calls of <see cref="MinimumOp"/>.</summary>
public static class MinimumExtensions
{
    extension(Tensor x)
    {
        /// <summary>The smaller of each pair of elements, with broadcasting.</summary>
        public Tensor Minimum(Tensor other) => OpDispatcher.Run(new MinimumOp(), x, other)[0];
    }
}
