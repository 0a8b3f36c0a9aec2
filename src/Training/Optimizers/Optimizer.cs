using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>Changes parameters by their gradients, and keeps tensors of its own beside each of them.</summary>
/// <remarks>Of F16 and BF16 parameters it keeps a copy in F32, which it changes instead: mixed precision.</remarks>
public abstract class Optimizer : IDisposable
{
    private readonly string[] _stateNames;
    private readonly Tensor[][] _state;
    private readonly Tensor?[] _masters;

    /// <param name="parameters">What is trained.</param>
    /// <param name="learningRate">First step length.</param>
    /// <param name="stateNames">Names of the tensors that are kept beside each parameter; they begin as zeros.</param>
    private protected Optimizer(IReadOnlyList<TrainedParameter> parameters, double learningRate, params string[] stateNames)
    {
        Parameters = parameters;
        LearningRate = learningRate;
        _stateNames = stateNames;
        _masters = [.. parameters.Select(entry => Master(entry.Parameter.Value))];
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
                Update(i, entry, gradient);
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
            if (_masters[i] is { } master)
                yield return ($"master.{Parameters[i].Name}", master);
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

        foreach (var master in _masters)
            master?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Changes one parameter; gradients are not recorded.</summary>
    private protected abstract void Update(Tensor parameter, Tensor gradient, Tensor[] state, bool decays);

    private static Tensor ZerosLike(Tensor value) =>
        TensorScope.Release(Tensor.Zeros(value.Shape, IsHalf(value) ? DType.F32 : value.DType, value.Device));

    private static Tensor? Master(Tensor value)
    {
        if (!IsHalf(value))
            return null;
        using var off = GradMode.Off();
        return TensorScope.Release(value.Cast(DType.F32));
    }

    private static bool IsHalf(Tensor value) => value.DType is DType.F16 or DType.BF16;

    private void Update(int index, TrainedParameter entry, Tensor gradient)
    {
        var value = entry.Parameter.Value;
        if (_masters[index] is not { } master)
        {
            Update(value, gradient, _state[index], entry.Decays);
            return;
        }

        // Steps are smaller than a half's last bit, so they add up in single precision and the half follows.
        using var scope = new TensorScope();
        Update(master, gradient.Cast(DType.F32), _state[index], entry.Decays);
        value.Assign(master.Cast(value.DType));
    }
}
