namespace ResNeSt.Tensors;

/// <summary>Moves a tensor toward another one in place: target = (1 - Weight) · target + Weight · source.</summary>
/// <remarks>Running statistics and exponential moving averages. Inputs: target, source, of one spec.</remarks>
/// <param name="Weight">Weight of the source.</param>
public sealed record AssignLerpOp(double Weight) : InPlaceOp
{
    /// <inheritdoc/>
    public override int WrittenInputs => 1;

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, inputs[..1], 3L * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs) => [inputs[0] * (1 - Weight) + inputs[1] * Weight];

    /// <inheritdoc/>
    protected override void Validate(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 2);
        RequireFloat(inputs);
        foreach (var input in inputs)
        {
            if (input.Shape != inputs[0].Shape)
                throw Error("needs inputs of one shape", inputs);
        }
    }
}

/// <summary>Calls of <see cref="AssignLerpOp"/>.</summary>
public static class AssignLerpExtensions
{
    extension(Tensor target)
    {
        /// <summary>Moves this tensor toward <paramref name="source"/> in place: (1 - weight) · target + weight · source.</summary>
        public void AssignLerp(Tensor source, double weight) => OpDispatcher.Run(new AssignLerpOp(weight), target, source);
    }
}
