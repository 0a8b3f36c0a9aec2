namespace ResNeSt.Tensors;

/// <summary>Gradient of <see cref="LeakyReluOp"/>: dy where x is above zero, Slope · dy elsewhere.</summary>
/// <remarks>Inputs: input of the operator, upstream gradient, of one spec.</remarks>
/// <param name="Slope">Factor of negative elements.</param>
public sealed record LeakyReluGradOp(double Slope) : CompositeOp
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
        var (x, dy) = (inputs[0], inputs[1]);
        return [x.Greater(Tensor.Zeros(Shape.Scalar, x.DType, x.Device)).Where(dy, dy * Slope)];
    }
}
