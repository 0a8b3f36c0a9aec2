using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Training;

namespace ResNeSt.Cli;

/// <summary>A network with generated weights and pictures, for timing: one step is a forward pass, or all of a training step.</summary>
internal sealed class BenchNetwork : IDisposable
{
    private readonly TensorScope _scope = new();
    private readonly Module _model;
    private readonly Tensor _pictures;
    private readonly Tensor _labels;
    private readonly Sgd? _optimizer;

    public BenchNetwork(ModelEntry entry, Device device, DType dtype, Shape input, bool train)
    {
        _model = entry.Create();
        _model.MaterializeEmpty(device, dtype);
        GoldenWeights.Fill(_model);
        var generator = new Generator(1);
        _pictures = Values(new TensorSpec(input, dtype), generator, device);
        _labels = Tensor.Zeros([input[0]], DType.I64, device);
        if (!train)
        {
            _model.Eval();
            return;
        }

        _model.Train();
        _optimizer = new Sgd(_model.NamedParameters().Select(named => named.Parameter), learningRate: 1e-4, momentum: 0.9, weightDecay: 1e-4);
    }

    /// <summary>Pictures a step.</summary>
    public int Batch => _pictures.Shape[0];

    /// <summary>Queues one step; does not wait for it.</summary>
    public void Step()
    {
        using var scope = new TensorScope();
        if (_optimizer is null)
        {
            using var off = GradMode.Off();
            _model.Forward(_pictures);
            return;
        }

        _model.Forward(_pictures).CrossEntropy(_labels, labelSmoothing: 0.1).Backward();
        _optimizer.Step();
        _optimizer.ClearGrads();
    }

    /// <summary>A tensor of positive values, which no operator turns into NaN; zeros for integers.</summary>
    public static Tensor Values(TensorSpec spec, Generator generator, Device device)
    {
        if (!spec.DType.IsFloatingPoint)
            return Tensor.Zeros(spec.Shape, spec.DType, device);
        var values = new float[spec.ElementCount];
        for (int i = 0; i < values.Length; i++)
            values[i] = 0.1f + 0.9f * (float)generator.NextUniform();
        var tensor = Tensor.FromArray(values, spec.Shape, device);
        return spec.DType == DType.F32 ? tensor : tensor.Cast(spec.DType);
    }

    public void Dispose()
    {
        _optimizer?.Dispose();
        _model.Dispose();
        _scope.Dispose();
    }
}
