namespace ResNeSt.Tensors;

/// <summary>One step of Adam with decoupled weight decay, in place, as torch.optim.AdamW without amsgrad.</summary>
/// <remarks>Inputs: parameter, first and second moment (zeros before the first step), gradient, of one spec; the first three are overwritten.
/// m = β1·m + (1-β1)·g; v = β2·v + (1-β2)·g²; parameter = (1 - LearningRate·WeightDecay)·parameter
/// - LearningRate / (1-β1^Step) · m / (√v / √(1-β2^Step) + Epsilon). Source: Loshchilov and Hutter 2017, arXiv:1711.05101.</remarks>
/// <param name="LearningRate">Step length.</param>
/// <param name="Beta1">Share of the first moment that is kept.</param>
/// <param name="Beta2">Share of the second moment that is kept.</param>
/// <param name="Epsilon">Added to the root of the second moment.</param>
/// <param name="WeightDecay">Pull of the parameter toward zero, apart from the moments.</param>
/// <param name="Step">Number of this step, from one: the moments begin at zero and are corrected for that.</param>
public sealed record AdamWStepOp(double LearningRate, double Beta1, double Beta2, double Epsilon, double WeightDecay, long Step) : InPlaceOp
{
    /// <inheritdoc/>
    public override int WrittenInputs => 3;

    /// <summary>LearningRate / (1 - β1^Step).</summary>
    public double CorrectedRate => LearningRate / (1 - Math.Pow(Beta1, Step));

    /// <summary>1 / √(1 - β2^Step).</summary>
    public double RootCorrection => 1 / Math.Sqrt(1 - Math.Pow(Beta2, Step));

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, inputs[..3], 13L * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var gradient = inputs[3];
        var first = inputs[1] * Beta1 + gradient * (1 - Beta1);
        var second = inputs[2] * Beta2 + gradient.Square() * (1 - Beta2);
        var step = first / (second.Sqrt() * RootCorrection + Epsilon);
        return [inputs[0] * (1 - LearningRate * WeightDecay) - step * CorrectedRate, first, second];
    }

    /// <inheritdoc/>
    protected override void Validate(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 4, 4);
        RequireFloat(inputs);
        foreach (var input in inputs)
        {
            if (input.Shape != inputs[0].Shape)
                throw Error("needs inputs of one shape", inputs);
        }

        if (Step < 1 || !(Beta1 is >= 0 and < 1) || !(Beta2 is >= 0 and < 1))
            throw Error($"needs a step from one on and betas in [0, 1), got step {Step}, betas {Beta1} and {Beta2}", inputs);
    }
}

/// <summary>Calls of <see cref="AdamWStepOp"/>.</summary>
public static class AdamWStepExtensions
{
    extension(Tensor parameter)
    {
        /// <summary>One step of Adam with decoupled weight decay in place; see <see cref="AdamWStepOp"/>.</summary>
        /// <param name="firstMoment">Zeros before the first step; overwritten.</param>
        /// <param name="secondMoment">Zeros before the first step; overwritten.</param>
        /// <param name="gradient">Gradient of the loss.</param>
        /// <param name="step">Step length, moments' shares, weight decay, number of the step.</param>
        public void AdamWStep(Tensor firstMoment, Tensor secondMoment, Tensor gradient, AdamWStepOp step) =>
            OpDispatcher.Run(step, parameter, firstMoment, secondMoment, gradient);
    }
}
