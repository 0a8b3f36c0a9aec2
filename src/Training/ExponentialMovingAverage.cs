using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>A moving average of a network's state: average = decay · average + (1 - decay) · state, counters copied. As timm's ModelEma.</summary>
public sealed class ExponentialMovingAverage : IDisposable
{
    private readonly Module _model;
    private readonly StateDict _average;

    /// <param name="model">The network, with its memory; the average begins at its present state.</param>
    /// <param name="decay">Share of the average that is kept at each update.</param>
    public ExponentialMovingAverage(Module model, double decay)
    {
        if (!(decay is >= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(decay), decay, "the decay of a moving average must lie in [0, 1)");
        _model = model;
        Decay = decay;
        using var live = model.StateDict();
        _average = live.Clone();
    }

    /// <summary>Share of the average that is kept at each update.</summary>
    public double Decay { get; }

    /// <summary>The averages by the names of the network's state.</summary>
    public StateDict Average => _average;

    /// <summary>Takes the network's present state in.</summary>
    public void Update()
    {
        using var off = GradMode.Off();
        foreach (var (name, state) in _model.NamedState())
        {
            var average = _average[name];
            if (average.DType.IsFloatingPoint)
                average.AssignLerp(state.Value, 1 - Decay);
            else
                average.Assign(state.Value);
        }
    }

    /// <summary>Puts the averages into the network until the result is disposed, which puts the trained values back.</summary>
    public IDisposable Use()
    {
        Exchange();
        return new Restore(Exchange);
    }

    /// <summary>Frees the averages.</summary>
    public void Dispose() => _average.Dispose();

    private void Exchange()
    {
        using var off = GradMode.Off();
        using var scope = new TensorScope();
        foreach (var (name, state) in _model.NamedState())
        {
            var value = state.Value;
            var held = Tensor.Zeros(value.Shape, value.DType, value.Device);
            held.Assign(value);
            value.Assign(_average[name]);
            _average[name].Assign(held);
        }
    }

    private sealed class Restore(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
