namespace ResNeSt.Tensors;

/// <summary>Gradients of <see cref="BatchNormInferenceOp"/> where the statistics are constants: inputs x, γ [C], μ [C], σ² [C] and
/// g = ∂L/∂y, outputs ∂L/∂x = g·γ/√(σ² + ε), ∂L/∂γ = Σ g·(x - μ)/√(σ² + ε), ∂L/∂β = Σ g.</summary>
/// <param name="Epsilon">Added to the variance.</param>
public sealed record BatchNormInferenceGradOp(double Epsilon) : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 5, 5);
        var dtype = RequireFloat(inputs);
        var shape = inputs[0].Shape;
        if (shape.Rank < 2 || inputs[4].Shape != shape)
            throw Error("needs an input [N,C,...] and a gradient of its shape", inputs);
        Shape channels = [shape[1]];
        for (int i = 1; i < 4; i++)
        {
            if (inputs[i].Shape != channels)
                throw Error($"input has {shape[1]} channels; weight, mean and variance must be {channels}", inputs);
        }

        return [inputs[0], new TensorSpec(channels, dtype), new TensorSpec(channels, dtype)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 5L * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var (x, weight, gradient) = (inputs[0], inputs[1], inputs[4]);
        var axes = ChannelAxis.Others(x.Shape);
        var broadcast = ChannelAxis.Broadcast(x.Shape);
        var inverse = (inputs[3] + Epsilon).Rsqrt();
        var normalized = (x - inputs[2].Reshape(broadcast)) * inverse.Reshape(broadcast);
        return [gradient * (inverse * weight).Reshape(broadcast), (gradient * normalized).Sum(axes), gradient.Sum(axes)];
    }
}
