namespace ResNeSt.Tensors;

/// <summary>One over x.</summary>
public sealed record ReciprocalOp : UnaryOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override bool SavesOutput(int index) => true;

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) => context.GiveGrad(0, -context.GradOutput() * context.Output(0).Square());
}

/// <summary>Calls of <see cref="ReciprocalOp"/>.</summary>
public static class ReciprocalExtensions
{
    extension(Tensor x)
    {
        /// <summary>One over every element.</summary>
        public Tensor Reciprocal() => OpDispatcher.Run(new ReciprocalOp(), x)[0];
    }
}
