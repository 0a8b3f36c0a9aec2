namespace ResNeSt.Tensors;

/// <summary>Sets each element to zero with probability P and multiplies the others by 1 / (1 - P).</summary>
/// <remarks>Whether element i is dropped depends on the seed and on i alone (<see cref="Generator.UniformAt"/> below P), so forward and
/// backward, and every device and number of threads, agree without keeping a mask.</remarks>
/// <param name="P">Probability to be dropped, in [0, 1].</param>
/// <param name="Seed">Selects the random numbers.</param>
public sealed record DropoutOp(double P, ulong Seed) : UnaryOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        var outputs = base.Infer(inputs);
        return P is >= 0 and <= 1 ? outputs : throw Error($"the probability must lie in [0, 1], got {P}", inputs);
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) => context.GiveGrad(0, OpDispatcher.Run(this, context.GradOutput())[0]);
}

/// <summary>Calls of <see cref="DropoutOp"/>.</summary>
public static class DropoutExtensions
{
    extension(Tensor x)
    {
        /// <summary>Drops elements at random and scales up the others; for training only.</summary>
        /// <param name="p">Probability to be dropped, in [0, 1].</param>
        /// <param name="generator">Gives the seed: one number is drawn.</param>
        public Tensor Dropout(double p, Generator generator) => OpDispatcher.Run(new DropoutOp(p, generator.NextBits()), x)[0];
    }
}
