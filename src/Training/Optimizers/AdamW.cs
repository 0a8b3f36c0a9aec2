using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>Adam with decoupled weight decay, as torch.optim.AdamW.</summary>
public sealed class AdamW : Optimizer
{
    private readonly double _beta1;
    private readonly double _beta2;
    private readonly double _epsilon;

    /// <param name="parameters">What is trained; frozen ones are passed over.</param>
    /// <param name="learningRate">Step length; may be changed between steps.</param>
    /// <param name="beta1">Share of the first moment that is kept.</param>
    /// <param name="beta2">Share of the second moment that is kept.</param>
    /// <param name="epsilon">Added to the root of the second moment.</param>
    /// <param name="weightDecay">Pull toward zero, on the parameters that decay.</param>
    public AdamW(IReadOnlyList<TrainedParameter> parameters, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999,
        double epsilon = 1e-8, double weightDecay = 0.01)
        : base(parameters, learningRate, "first_moment", "second_moment")
    {
        _beta1 = beta1;
        _beta2 = beta2;
        _epsilon = epsilon;
        WeightDecay = weightDecay;
    }

    /// <summary>Pull toward zero.</summary>
    public double WeightDecay { get; }

    private protected override void Update(Tensor parameter, Tensor gradient, Tensor[] state, bool decays) =>
        parameter.AdamWStep(state[0], state[1], gradient, new AdamWStepOp(LearningRate, _beta1, _beta2, _epsilon, decays ? WeightDecay : 0, Steps));
}
