using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>Stochastic gradient descent with momentum and weight decay, as torch.optim.SGD without dampening.</summary>
public sealed class Sgd : IDisposable
{
    private readonly List<(Parameter Parameter, Tensor Buffer)> _slots = [];

    /// <param name="parameters">What is trained; frozen ones are passed over.</param>
    /// <param name="learningRate">Step length; may be changed between steps.</param>
    /// <param name="momentum">Share of the last step that is kept.</param>
    /// <param name="weightDecay">Pull toward zero, on every parameter.</param>
    /// <param name="nesterov">Look ahead along the momentum.</param>
    public Sgd(IEnumerable<Parameter> parameters, double learningRate, double momentum = 0, double weightDecay = 0, bool nesterov = false)
    {
        LearningRate = learningRate;
        Momentum = momentum;
        WeightDecay = weightDecay;
        Nesterov = nesterov;
        foreach (var parameter in parameters)
            _slots.Add((parameter, TensorScope.Release(Tensor.Zeros(parameter.Shape, parameter.Value.DType, parameter.Value.Device))));
    }

    /// <summary>Step length.</summary>
    public double LearningRate { get; set; }

    /// <summary>Share of the last step that is kept.</summary>
    public double Momentum { get; }

    /// <summary>Pull toward zero.</summary>
    public double WeightDecay { get; }

    /// <summary>Whether the step looks ahead along the momentum.</summary>
    public bool Nesterov { get; }

    /// <summary>Changes every parameter that has a gradient.</summary>
    public void Step()
    {
        using var off = GradMode.Off();
        var step = new SgdStepOp(LearningRate, Momentum, WeightDecay, Nesterov);
        foreach (var (parameter, buffer) in _slots)
        {
            if (parameter.RequiresGrad && parameter.Grad is { } gradient)
                parameter.Value.SgdStep(buffer, gradient, step);
        }
    }

    /// <summary>Drops the gradients.</summary>
    public void ClearGrads()
    {
        foreach (var (parameter, _) in _slots)
            parameter.Value.ClearGrad();
    }

    /// <summary>Frees the momentum buffers.</summary>
    public void Dispose()
    {
        foreach (var (_, buffer) in _slots)
            buffer.Dispose();
        _slots.Clear();
    }
}
