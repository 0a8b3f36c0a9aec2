using BenchmarkDotNet.Attributes;
using ResNeSt.Kernels.Cpu;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Benchmarks;

/// <summary>Every different convolution of resnest50 at 224×224 as a compiled session runs it: on blocked activations, with bias and ReLU, by each algorithm.</summary>
/// <remarks>The same layer again and again: its weights come from the caches, those of a network from memory.</remarks>
[Config(typeof(FlopsColumn.Config))]
public class CompiledConvBenchmarks
{
    private ConvTrial _trial = null!;
    private TensorScope _scope = null!;

    /// <summary>Threads.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>The layer and the algorithm.</summary>
    [ParamsSource(nameof(Layers))]
    public CompiledConvWork Work { get; set; } = null!;

    /// <summary>The layers.</summary>
    public static IEnumerable<CompiledConvWork> Layers => LayerShapes.ResNeSt50(1).SelectMany(layer => CompiledConvWork.Of(layer.Case));

    /// <summary>Packs the weights.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        CpuBackend.Register();
        EngineSettings.Threads = Threads;
        _scope = new TensorScope();
        var problem = Work.Problem;
        var weight = new GraphConstant(Tensor.Full(0.01, [problem.OutputChannels, problem.GroupInputs, problem.KernelH, problem.KernelW]));
        _trial = new ConvTrial(Work.Algorithm, problem, weight, new GraphConstant(Tensor.Zeros([problem.OutputChannels])));
    }

    /// <summary>Frees everything.</summary>
    [GlobalCleanup]
    public void CleanUp()
    {
        _trial.Dispose();
        _scope.Dispose();
    }

    /// <summary>One run.</summary>
    [Benchmark]
    public void Run() => _trial.Run(Threads);
}
