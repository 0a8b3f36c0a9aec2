namespace ResNeSt.Tensors;

/// <summary>Gradient of <see cref="SiluOp"/>: dy · s · (1 + x · (1 - s)) with s = sigmoid(x).</summary>
/// <remarks>Inputs: input of the operator, upstream gradient, of one spec.</remarks>
public sealed record SiluGradOp : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 2);
        RequireFloat(inputs);
        return inputs[0].Shape == inputs[1].Shape
            ? [inputs[1]]
            : throw Error($"the upstream gradient is {inputs[1].Shape}, the value {inputs[0].Shape}", inputs);
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 6L * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var (x, dy) = (inputs[0], inputs[1]);
        var s = x.Sigmoid();
        return [dy * (s * (1 + x * (1 - s)))];
    }
}
