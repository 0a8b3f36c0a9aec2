using ResNeSt.Inference;
using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;
using ResNeSt.Training;

namespace ResNeSt.Cli;

/// <summary>A network with generated weights and pictures, for timing: one step is a run of a compiled session, or all of a training step.</summary>
internal sealed class BenchNetwork : IDisposable
{
    private readonly TensorScope _scope = new();
    private readonly Module _model;
    private readonly Tensor _pictures;
    private readonly Tensor _labels;
    private readonly InferenceSession? _session;
    private readonly Sgd? _optimizer;

    public BenchNetwork(ModelEntry entry, Backend backend, DType weights, Shape input, bool train, InferenceOptions? session = null)
    {
        var device = backend.Device;
        _model = entry.Create();
        try
        {
            _model.MaterializeEmpty(device, train ? weights : DType.F32);
            GoldenWeights.Fill(_model);
            _pictures = Values(new TensorSpec(input, train ? weights : DType.F32), new Generator(1), device);
            _labels = Tensor.Zeros([input[0]], DType.I64, device);
            if (train)
            {
                _model.Train();
                _optimizer = new Sgd(_model.NamedParameters().Select(named => named.Parameter), learningRate: 1e-4, momentum: 0.9, weightDecay: 1e-4);
            }
            else
            {
                _model.Eval();
                _session = InferenceSession.Compile(_model, _pictures.Spec, (session ?? new InferenceOptions()) with { Device = device, WeightType = weights });
            }
        }
        catch
        {
            // What does not fit must not keep memory from what is measured next.
            Dispose();
            throw;
        }
    }

    /// <summary>Queues one step; does not wait for it.</summary>
    public void Step()
    {
        using var scope = new TensorScope();
        if (_session is not null)
        {
            _session.Run(_pictures);
            return;
        }

        _model.Forward(_pictures).CrossEntropy(_labels, labelSmoothing: 0.1).Backward();
        _optimizer!.Step();
        _optimizer.ClearGrads();
    }

    /// <summary>Times of the compiled session's steps.</summary>
    public IReadOnlyList<StepTime> Profile(CancellationToken cancellation) => BenchTimer.Steps(runs => _session!.Profile(runs, cancellation));

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
        _session?.Dispose();
        _optimizer?.Dispose();
        _model.Dispose();
        _scope.Dispose();
    }
}
