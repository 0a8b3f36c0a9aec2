namespace ResNeSt.Tensors;

/// <summary>Gradient of <see cref="ClampOp"/>: dy where Min ≤ x ≤ Max, zero elsewhere.</summary>
/// <remarks>Inputs: input of the operator, upstream gradient, of one spec.</remarks>
/// <param name="Min">Lower bound.</param>
/// <param name="Max">Upper bound.</param>
public sealed record ClampGradOp(double Min, double Max) : CompositeOp
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
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 2 * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var (x, dy) = (inputs[0], inputs[1]);
        var min = Tensor.Full(Min, Shape.Scalar, x.DType, x.Device);
        var max = Tensor.Full(Max, Shape.Scalar, x.DType, x.Device);
        var inside = (x.Greater(min) + x.Equal(min)) * (max.Greater(x) + x.Equal(max));
        return [inside.Where(dy, Tensor.Zeros(Shape.Scalar, dy.DType, dy.Device))];
    }
}
