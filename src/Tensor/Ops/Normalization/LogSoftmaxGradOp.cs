namespace ResNeSt.Tensors;

/// <summary>Gradient of <see cref="LogSoftmaxOp"/> from its output y and the upstream gradient g: dx = g - exp(y) · Σ g.</summary>
/// <param name="Axis">The axis of the softmax, counted from the front.</param>
public sealed record LogSoftmaxGradOp(int Axis) : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 2);
        RequireFloat(inputs);
        if ((uint)Axis >= (uint)inputs[0].Shape.Rank)
            throw Error($"axis {Axis} does not exist", inputs);
        if (inputs[0].Shape != inputs[1].Shape)
            throw Error("needs the log-softmax's output and a gradient of the same shape", inputs);
        return [inputs[0]];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 4L * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var (y, gradient) = (inputs[0], inputs[1]);
        return [gradient - y.Exp() * gradient.Sum([Axis], keepAxes: true)];
    }
}
