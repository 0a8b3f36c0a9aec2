namespace ResNeSt.Tensors;

/// <summary>Gradients of <see cref="BatchNormTrainReluOp"/>: inputs x, γ [C], μ [C], σ² [C], g = ∂L/∂y and y, outputs ∂L/∂x, ∂L/∂γ, ∂L/∂β.</summary>
/// <remarks><see cref="ReluGradOp"/> of y and g, then <see cref="BatchNormTrainGradOp"/>.</remarks>
/// <param name="Epsilon">Added to the variance.</param>
public sealed record BatchNormTrainReluGradOp(double Epsilon) : CompositeOp
{
    private BatchNormTrainGradOp Norm => new(Epsilon);

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 6, 6);
        RequireFloat(inputs);
        return inputs[5] == inputs[0]
            ? Norm.Infer(inputs[..5])
            : throw Error($"the input is {inputs[0]}, the output {inputs[5]}", inputs);
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 9L * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var masked = OpDispatcher.Run(new ReluGradOp(), inputs[5], inputs[4])[0];
        return OpDispatcher.Run(Norm, inputs[0], inputs[1], inputs[2], inputs[3], masked);
    }
}
