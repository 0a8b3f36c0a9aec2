using ResNeSt.Conformance;
using ResNeSt.Kernels.Cpu;
using ResNeSt.Tensors;

namespace ResNeSt.Benchmarks;

/// <summary>A convolution of a compiled session, by one of its algorithms, as parameter of a benchmark.</summary>
public sealed class CompiledConvWork : IBenchmarkWork
{
    private readonly string _layer;

    private CompiledConvWork(string layer, ConvProblem problem, ConvAlgorithm algorithm)
    {
        (_layer, Problem, Algorithm) = (layer, problem, algorithm);
    }

    /// <summary>Operations of the direct sum: Winograd's algorithms do fewer, so that more than the peak is possible.</summary>
    public double Flops => Problem.Flops;

    internal ConvProblem Problem { get; }

    internal ConvAlgorithm Algorithm { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{_layer}, {Algorithm.Name}";

    /// <summary>A layer by every algorithm that can compute it.</summary>
    /// <param name="layer">A convolution of an image and weights.</param>
    public static IEnumerable<CompiledConvWork> Of(OpCase layer)
    {
        var geometry = ((Conv2dOp)layer.Op).Geometry;
        Shape x = layer.Inputs[0].Shape, w = layer.Inputs[1].Shape;
        var problem = new ConvProblem(
            x[0], x[1], w[0], x[2], x[3], geometry.OutputHeight(x[2], w[2]), geometry.OutputWidth(x[3], w[3]), w[2], w[3], geometry, default,
            new ConvEpilogue(ActivationKind.Relu, false, 0), DType.F32);
        return ConvAlgorithms.For(problem, hasPlanes: x[1] <= 4).Select(algorithm => new CompiledConvWork(layer.Name, problem, algorithm));
    }
}
