using BenchmarkDotNet.Attributes;
using ResNeSt.Kernels.Cpu;
using ResNeSt.Tensors;

namespace ResNeSt.Benchmarks;

/// <summary>Runs one case on the CPU backend.</summary>
[Config(typeof(FlopsColumn.Config))]
public abstract class KernelBenchmark
{
    private TensorScope _scope = null!;
    private Tensor[] _inputs = [];

    /// <summary>Threads of the backend.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>What is run.</summary>
    protected abstract KernelWork Current { get; }

    /// <summary>Makes the inputs.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        CpuBackend.Register();
        EngineSettings.Threads = Threads;
        _scope = new TensorScope();
        var opCase = Current.Case;
        var specs = opCase.Specs(DType.F32);
        _inputs = new Tensor[specs.Length];
        for (int i = 0; i < specs.Length; i++)
            _inputs[i] = Tensor.FromDoubles(opCase.Inputs[i].Generate((ulong)i), specs[i]);
    }

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void CleanUp() => _scope.Dispose();

    /// <summary>One run, memory for the result included.</summary>
    [Benchmark]
    public void Run()
    {
        using var scope = new TensorScope();
        OpDispatcher.Run(Current.Case.Op, _inputs);
    }
}
