using System.Globalization;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>Stochastic gradient descent with momentum and weight decay, as torch.optim.SGD without dampening.</summary>
public sealed class Sgd : Optimizer
{
    /// <param name="parameters">What is trained; frozen ones are passed over.</param>
    /// <param name="learningRate">Step length; may be changed between steps.</param>
    /// <param name="momentum">Share of the last step that is kept.</param>
    /// <param name="weightDecay">Pull toward zero, on the parameters that decay.</param>
    /// <param name="nesterov">Look ahead along the momentum.</param>
    public Sgd(IReadOnlyList<TrainedParameter> parameters, double learningRate, double momentum = 0, double weightDecay = 0, bool nesterov = false)
        : base(parameters, learningRate, "momentum")
    {
        Momentum = momentum;
        WeightDecay = weightDecay;
        Nesterov = nesterov;
    }

    /// <summary>On parameters without names; every one decays.</summary>
    /// <inheritdoc cref="Sgd(IReadOnlyList{TrainedParameter}, double, double, double, bool)"/>
    public Sgd(IEnumerable<Parameter> parameters, double learningRate, double momentum = 0, double weightDecay = 0, bool nesterov = false)
        : this([.. parameters.Select((parameter, i) => new TrainedParameter(i.ToString(CultureInfo.InvariantCulture), parameter, Decays: true))],
            learningRate, momentum, weightDecay, nesterov)
    {
    }

    /// <summary>Share of the last step that is kept.</summary>
    public double Momentum { get; }

    /// <summary>Pull toward zero.</summary>
    public double WeightDecay { get; }

    /// <summary>Whether the step looks ahead along the momentum.</summary>
    public bool Nesterov { get; }

    private protected override void Update(Tensor parameter, Tensor gradient, Tensor[] state, bool decays) =>
        parameter.SgdStep(state[0], gradient, new SgdStepOp(LearningRate, Momentum, decays ? WeightDecay : 0, Nesterov));
}
