using BenchmarkDotNet.Attributes;
using ResNeSt.Inference;
using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Benchmarks;

/// <summary>Whole networks: compiled, and operator by operator.</summary>
[Config(typeof(FlopsColumn.Config))]
[MemoryDiagnoser]
public class SessionBenchmarks
{
    private Module _model = null!;
    private InferenceSession _session = null!;
    private float[] _input = [];
    private float[] _output = [];
    private Tensor _tensor = null!;

    /// <summary>Threads.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>The network and its input.</summary>
    [ParamsSource(nameof(Networks))]
    public ModelWork Work { get; set; } = null!;

    /// <summary>Networks that are measured.</summary>
    public static IEnumerable<ModelWork> Networks =>
    [
        new("resnest14", 224, 1),
        new("resnest50", 224, 1),
        new("resnest50", 224, 8),
        new("resnest101", 256, 1),
        new("resnest50_fast_4s2x40d", 224, 1),
        new("resnest50_fast_1s4x24d", 224, 1),
    ];

    /// <summary>Fills and compiles the network.</summary>
    [GlobalSetup]
    public void Compile()
    {
        EngineSettings.Threads = Threads;
        DefaultBackends.Use();
        _model = ModelZoo.Find(Work.Model).Create();
        _model.MaterializeEmpty(Device.Cpu);
        GoldenWeights.Fill(_model);
        _model.Eval();
        _session = InferenceSession.Compile(_model, Work.Input, new InferenceOptions { Threads = Threads });
        _input = [.. GoldenWeights.Values("input", Work.Input.Shape).Select(value => (float)value)];
        _output = new float[_session.Output.ElementCount];
        _tensor = TensorScope.Release(Tensor.FromArray(_input, Work.Input.Shape));
    }

    /// <summary>Frees it.</summary>
    [GlobalCleanup]
    public void Free()
    {
        _tensor.Dispose();
        _session.Dispose();
        _model.Dispose();
    }

    /// <summary>One run of the compiled session.</summary>
    [Benchmark(Baseline = true)]
    public void Session() => _session.Run(_input, _output);

    /// <summary>One forward pass operator by operator.</summary>
    [Benchmark]
    public void Eager()
    {
        using var off = GradMode.Off();
        using var scope = new TensorScope();
        _model.Forward(_tensor);
    }
}
