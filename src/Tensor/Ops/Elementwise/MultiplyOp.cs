namespace ResNeSt.Tensors;

/// <summary>Product, element by element with broadcasting: a · b.</summary>
public sealed record MultiplyOp : BinaryOp
{
    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        if (context.Needs(0))
            context.GiveGrad(0, Broadcasting.SumTo(context.GradOutput() * context.Input(1), context.InputSpec(0).Shape));
        if (context.Needs(1))
            context.GiveGrad(1, Broadcasting.SumTo(context.GradOutput() * context.Input(0), context.InputSpec(1).Shape));
    }
}

public sealed partial class Tensor
{
    /// <summary>Product with broadcasting; see <see cref="MultiplyOp"/>.</summary>
    public static Tensor operator *(Tensor left, Tensor right) => OpDispatcher.Run(new MultiplyOp(), left, right)[0];

    /// <summary>Multiplies every element by a number; see <see cref="AffineOp"/>.</summary>
    public static Tensor operator *(Tensor left, double right) => OpDispatcher.Run(new AffineOp(right, 0), left)[0];

    /// <summary>Multiplies every element by a number; see <see cref="AffineOp"/>.</summary>
    public static Tensor operator *(double left, Tensor right) => right * left;
}
