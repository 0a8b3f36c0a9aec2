namespace ResNeSt.Tensors;

/// <summary>One step of stochastic gradient descent with momentum, in place, as torch.optim.SGD without dampening.</summary>
/// <remarks>Inputs: parameter, momentum buffer (zeros before the first step), gradient, of one spec; the first two are overwritten.
/// g = gradient + WeightDecay · parameter; buffer = Momentum · buffer + g; parameter -= LearningRate · (Nesterov ? g + Momentum · buffer : buffer).</remarks>
/// <param name="LearningRate">Step length.</param>
/// <param name="Momentum">Share of the buffer that is kept.</param>
/// <param name="WeightDecay">Pull of the parameter toward zero.</param>
/// <param name="Nesterov">Look ahead along the new buffer.</param>
public sealed record SgdStepOp(double LearningRate, double Momentum, double WeightDecay, bool Nesterov) : InPlaceOp
{
    /// <inheritdoc/>
    public override int WrittenInputs => 2;

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) =>
        OpCost.Streaming(inputs, inputs[..2], (Nesterov ? 8L : 6L) * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var gradient = inputs[2] + inputs[0] * WeightDecay;
        var buffer = inputs[1] * Momentum + gradient;
        var step = Nesterov ? gradient + buffer * Momentum : buffer;
        return [inputs[0] - step * LearningRate, buffer];
    }

    /// <inheritdoc/>
    protected override void Validate(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 3, 3);
        RequireFloat(inputs);
        foreach (var input in inputs)
        {
            if (input.Shape != inputs[0].Shape)
                throw Error("needs inputs of one shape", inputs);
        }
    }
}

/// <summary>Calls of <see cref="SgdStepOp"/>.</summary>
public static class SgdStepExtensions
{
    extension(Tensor parameter)
    {
        /// <summary>One step of gradient descent in place; see <see cref="SgdStepOp"/>.</summary>
        /// <param name="momentumBuffer">Zeros before the first step; overwritten.</param>
        /// <param name="gradient">Gradient of the loss.</param>
        /// <param name="step">Step length, momentum, weight decay.</param>
        public void SgdStep(Tensor momentumBuffer, Tensor gradient, SgdStepOp step) => OpDispatcher.Run(step, parameter, momentumBuffer, gradient);
    }
}
