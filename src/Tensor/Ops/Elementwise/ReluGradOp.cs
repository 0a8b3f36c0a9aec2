namespace ResNeSt.Tensors;

/// <summary>Gradient of <see cref="ReluOp"/> from its output: dy where y is above zero or NaN, zero elsewhere.</summary>
/// <remarks>Inputs: output of the operator, upstream gradient, of one spec.</remarks>
public sealed record ReluGradOp : CompositeOp
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
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var (y, dy) = (inputs[0], inputs[1]);
        var zero = Tensor.Zeros(Shape.Scalar, dy.DType, dy.Device);
        // Greater is false for NaN, so ask for what must vanish: y = 0 (or below, for an input in place of the output).
        return [(y.Equal(zero) + zero.Greater(y)).Where(zero, dy)];
    }
}
