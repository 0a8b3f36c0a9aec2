namespace ResNeSt.Tensors;

/// <summary>Sum, element by element with broadcasting: a + b.</summary>
public sealed record AddOp : BinaryOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        for (int i = 0; i < 2; i++)
        {
            if (context.Needs(i))
                context.GiveGrad(i, Broadcasting.SumTo(context.GradOutput(), context.InputSpec(i).Shape));
        }
    }
}

public sealed partial class Tensor
{
    /// <summary>Sum with broadcasting; see <see cref="AddOp"/>.</summary>
    public static Tensor operator +(Tensor left, Tensor right) => OpDispatcher.Run(new AddOp(), left, right)[0];

    /// <summary>Adds a number to every element; see <see cref="AffineOp"/>.</summary>
    public static Tensor operator +(Tensor left, double right) => OpDispatcher.Run(new AffineOp(1, right), left)[0];

    /// <summary>Adds a number to every element; see <see cref="AffineOp"/>.</summary>
    public static Tensor operator +(double left, Tensor right) => right + left;
}
