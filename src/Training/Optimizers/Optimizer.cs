using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>Changes parameters by their gradients, and keeps tensors of its own beside each of them.</summary>
public abstract class Optimizer : IDisposable
{
    private readonly string[] _stateNames;
    private readonly Tensor[][] _state;

    /// <param name="parameters">What is trained.</param>
    /// <param name="learningRate">First step length.</param>
    /// <param name="stateNames">Names of the tensors that are kept beside each parameter; they begin as zeros.</param>
    private protected Optimizer(IReadOnlyList<TrainedParameter> parameters, double learningRate, params string[] stateNames)
    {
        Parameters = parameters;
        LearningRate = learningRate;
        _stateNames = stateNames;
        _state = [.. parameters.Select(entry => stateNames.Select(_ => ZerosLike(entry.Parameter.Value)).ToArray())];
    }

    /// <summary>What is trained.</summary>
    public IReadOnlyList<TrainedParameter> Parameters { get; }

    /// <summary>Step length; may be changed between steps.</summary>
    public double LearningRate { get; set; }

    /// <summary>Steps done so far; set when a run is resumed.</summary>
    public long Steps { get; set; }

    /// <summary>Changes every parameter that has a gradient.</summary>
    public void Step()
    {
        using var off = GradMode.Off();
        Steps++;
        for (int i = 0; i < Parameters.Count; i++)
        {
            var entry = Parameters[i];
            if (entry.Parameter.RequiresGrad && entry.Parameter.Grad is { } gradient)
                Update(entry.Parameter.Value, gradient, _state[i], entry.Decays);
        }
    }

    /// <summary>Drops the gradients.</summary>
    public void ClearGrads()
    {
        foreach (var entry in Parameters)
            entry.Parameter.ClearGrad();
    }

    /// <summary>The tensors that a checkpoint must hold, by name: <c>momentum.layer1.0.conv1.weight</c>.</summary>
    public IEnumerable<(string Name, Tensor Value)> NamedState()
    {
        for (int i = 0; i < Parameters.Count; i++)
        {
            for (int k = 0; k < _stateNames.Length; k++)
                yield return ($"{_stateNames[k]}.{Parameters[i].Name}", _state[i][k]);
        }
    }

    /// <summary>Frees the tensors beside the parameters.</summary>
    public void Dispose()
    {
        foreach (var tensors in _state)
        {
            foreach (var tensor in tensors)
                tensor.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Changes one parameter; gradients are not recorded.</summary>
    private protected abstract void Update(Tensor parameter, Tensor gradient, Tensor[] state, bool decays);

    private static Tensor ZerosLike(Tensor value) => TensorScope.Release(Tensor.Zeros(value.Shape, value.DType, value.Device));
}
