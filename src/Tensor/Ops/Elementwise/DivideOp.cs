namespace ResNeSt.Tensors;

/// <summary>Quotient, element by element with broadcasting: a / b, by the rules of IEEE 754 where b is zero.</summary>
public sealed record DivideOp : BinaryOp
{
    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var (b, dy) = (context.Input(1), context.GradOutput());
        if (context.Needs(0))
            context.GiveGrad(0, Broadcasting.SumTo(dy / b, context.InputSpec(0).Shape));
        if (context.Needs(1))
            context.GiveGrad(1, Broadcasting.SumTo(-dy * (context.Input(0) / b / b), context.InputSpec(1).Shape));
    }
}

public sealed partial class Tensor
{
    /// <summary>Quotient with broadcasting; see <see cref="DivideOp"/>.</summary>
    public static Tensor operator /(Tensor left, Tensor right) => OpDispatcher.Run(new DivideOp(), left, right)[0];

    /// <summary>Divides every element by a number, as a product with its reciprocal; see <see cref="AffineOp"/>.</summary>
    public static Tensor operator /(Tensor left, double right) => OpDispatcher.Run(new AffineOp(1 / right, 0), left)[0];

    /// <summary>Divides a number by every element; see <see cref="ReciprocalOp"/>.</summary>
    public static Tensor operator /(double left, Tensor right) => right.Reciprocal() * left;
}
