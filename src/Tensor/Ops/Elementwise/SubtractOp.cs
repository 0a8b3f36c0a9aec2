namespace ResNeSt.Tensors;

/// <summary>Difference, element by element with broadcasting: a - b.</summary>
public sealed record SubtractOp : BinaryOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        if (context.Needs(0))
            context.GiveGrad(0, Broadcasting.SumTo(context.GradOutput(), context.InputSpec(0).Shape));
        if (context.Needs(1))
            context.GiveGrad(1, -Broadcasting.SumTo(context.GradOutput(), context.InputSpec(1).Shape));
    }
}

public sealed partial class Tensor
{
    /// <summary>Difference with broadcasting; see <see cref="SubtractOp"/>.</summary>
    public static Tensor operator -(Tensor left, Tensor right) => OpDispatcher.Run(new SubtractOp(), left, right)[0];

    /// <summary>Subtracts a number from every element; see <see cref="AffineOp"/>.</summary>
    public static Tensor operator -(Tensor left, double right) => OpDispatcher.Run(new AffineOp(1, -right), left)[0];

    /// <summary>Subtracts every element from a number; see <see cref="AffineOp"/>.</summary>
    public static Tensor operator -(double left, Tensor right) => OpDispatcher.Run(new AffineOp(-1, left), right)[0];
}
