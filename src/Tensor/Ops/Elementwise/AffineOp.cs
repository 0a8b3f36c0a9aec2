namespace ResNeSt.Tensors;

/// <summary>y = scale · x + shift with numbers instead of tensors.</summary>
/// <param name="Scale">Factor.</param>
/// <param name="Shift">Summand.</param>
public sealed record AffineOp(double Scale, double Shift) : UnaryOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) => context.GiveGrad(0, context.GradOutput() * Scale);
}
