using BenchmarkDotNet.Attributes;

namespace ResNeSt.Benchmarks;

/// <summary>Every different convolution of resnest50 at 224×224.</summary>
public class ConvolutionBenchmarks : KernelBenchmark
{
    /// <summary>The layer.</summary>
    [ParamsSource(nameof(Layers))]
    public KernelWork Work { get; set; } = null!;

    /// <summary>The layers.</summary>
    public static IEnumerable<KernelWork> Layers => LayerShapes.ResNeSt50(1).Select(layer => new KernelWork(layer.Case));

    /// <inheritdoc/>
    protected override KernelWork Current => Work;
}
