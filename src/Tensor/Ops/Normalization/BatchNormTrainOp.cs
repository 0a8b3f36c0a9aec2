namespace ResNeSt.Tensors;

/// <summary>Batch normalisation with the statistics of the batch itself, one mean and one variance per channel:
/// y[n,c,...] = (x[n,c,...] - μ[c]) / √(σ²[c] + ε) · γ[c] + β[c].</summary>
/// <remarks>
/// <para>Inputs x [N, C, ...], γ [C], β [C]; outputs y like x, μ [C], σ² [C]. σ² is the biased variance (divided by the number m of
/// values per channel); running statistics store the unbiased one, σ² · m / (m - 1). Gradients flow through y only: μ and σ² are for
/// the running statistics, which are not learned.</para>
/// <para>Source: Ioffe and Szegedy 2015, arXiv:1502.03167.</para>
/// </remarks>
/// <param name="Epsilon">Added to the variance; 1e-5 in all networks here.</param>
public sealed record BatchNormTrainOp(double Epsilon) : CompositeOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => index != 2;

    /// <inheritdoc/>
    public override bool SavesOutput(int index) => index != 0;

    /// <inheritdoc/>
    public override bool IsDifferentiable(int output) => output == 0;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 3, 3);
        var dtype = RequireFloat(inputs);
        var shape = inputs[0].Shape;
        if (shape.Rank < 2)
            throw Error("needs an input [N,C,...]", inputs);
        Shape channels = [shape[1]];
        if (inputs[1].Shape != channels || inputs[2].Shape != channels)
            throw Error($"input has {shape[1]} channels; weight and bias must be {channels}", inputs);
        long count = ChannelAxis.ValuesPerChannel(shape);
        if (count < 2)
            throw Error($"training needs more than one value per channel, got {count}: use a larger batch or picture, "
                + "or normalise with the running statistics (Eval(), or FrozenStatistics while training)", inputs);
        return [inputs[0], new TensorSpec(channels, dtype), new TensorSpec(channels, dtype)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 5L * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var (x, weight, bias) = (inputs[0], inputs[1], inputs[2]);
        var axes = ChannelAxis.Others(x.Shape);
        var broadcast = ChannelAxis.Broadcast(x.Shape);
        var mean = x.Mean(axes, keepAxes: true);
        var centred = x - mean;
        var variance = centred.Square().Mean(axes, keepAxes: true);
        var y = centred * ((variance + Epsilon).Rsqrt() * weight.Reshape(broadcast)) + bias.Reshape(broadcast);
        return [y, mean.Reshape(weight.Shape).Detach(), variance.Reshape(weight.Shape).Detach()];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var gradients = OpDispatcher.Run(new BatchNormTrainGradOp(Epsilon),
            context.Input(0), context.Input(1), context.Output(1), context.Output(2), context.GradOutput());
        for (int i = 0; i < 3; i++)
        {
            if (context.Needs(i))
                context.GiveGrad(i, gradients[i]);
        }
    }
}

/// <summary>Calls of <see cref="BatchNormTrainOp"/> and <see cref="BatchNormInferenceOp"/>.</summary>
public static class BatchNormExtensions
{
    extension(Tensor x)
    {
        /// <summary>Normalises by the batch's own statistics and returns those; see <see cref="BatchNormTrainOp"/>.</summary>
        /// <param name="weight">γ [C].</param>
        /// <param name="bias">β [C].</param>
        /// <param name="epsilon">Added to the variance.</param>
        /// <exception cref="ShapeException">There are fewer than two values per channel, or shapes do not fit.</exception>
        public (Tensor Output, Tensor Mean, Tensor BiasedVariance) BatchNormTrain(Tensor weight, Tensor bias, double epsilon = 1e-5)
        {
            var outputs = OpDispatcher.Run(new BatchNormTrainOp(epsilon), x, weight, bias);
            return (outputs[0], outputs[1], outputs[2]);
        }

        /// <summary>Normalises by given statistics; see <see cref="BatchNormInferenceOp"/>.</summary>
        /// <param name="weight">γ [C].</param>
        /// <param name="bias">β [C].</param>
        /// <param name="mean">Mean of each channel [C].</param>
        /// <param name="variance">Variance of each channel [C].</param>
        /// <param name="epsilon">Added to the variance.</param>
        public Tensor BatchNormInference(Tensor weight, Tensor bias, Tensor mean, Tensor variance, double epsilon = 1e-5) =>
            OpDispatcher.Run(new BatchNormInferenceOp(epsilon), x, weight, bias, mean, variance)[0];
    }
}
