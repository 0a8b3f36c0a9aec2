namespace ResNeSt.Tensors;

/// <summary>Batch normalisation with given statistics: y[n,c,...] = (x[n,c,...] - μ[c]) / √(σ²[c] + ε) · γ[c] + β[c].</summary>
/// <remarks>Inputs x [N, C, ...], γ, β, μ, σ², each [C]. Used in evaluation, and in training where the statistics are frozen: then gradients
/// flow to x, γ and β through constant statistics. The mean is subtracted first, so that a large mean over a small variance keeps its digits.</remarks>
/// <param name="Epsilon">Added to the variance.</param>
public sealed record BatchNormInferenceOp(double Epsilon) : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 5, 5);
        RequireFloat(inputs);
        var shape = inputs[0].Shape;
        if (shape.Rank < 2)
            throw Error("needs an input [N,C,...]", inputs);
        Shape channels = [shape[1]];
        for (int i = 1; i < 5; i++)
        {
            if (inputs[i].Shape != channels)
                throw Error($"input has {shape[1]} channels; weight, bias, mean and variance must be {channels}", inputs);
        }

        return [inputs[0]];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 2L * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var broadcast = ChannelAxis.Broadcast(inputs[0].Shape);
        var scale = (inputs[4] + Epsilon).Rsqrt() * inputs[1];
        return [(inputs[0] - inputs[3].Reshape(broadcast)) * scale.Reshape(broadcast) + inputs[2].Reshape(broadcast)];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        if (context.Needs(3) || context.Needs(4))
        {
            base.Backward(context);
            return;
        }

        var gradients = OpDispatcher.Run(new BatchNormInferenceGradOp(Epsilon),
            context.Input(0), context.Input(1), context.Input(3), context.Input(4), context.GradOutput());
        for (int i = 0; i < 3; i++)
        {
            if (context.Needs(i))
                context.GiveGrad(i, gradients[i]);
        }
    }
}
