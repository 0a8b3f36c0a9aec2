using ResNeSt.Conformance;
using ResNeSt.Tensors;

namespace ResNeSt.Benchmarks;

/// <summary>A case as parameter of a benchmark.</summary>
/// <param name="Case">The case.</param>
public sealed record KernelWork(OpCase Case) : IBenchmarkWork
{
    /// <summary>Its floating-point operations.</summary>
    public double Flops => Case.Op.Cost(Case.Specs(DType.F32)).Flops;

    /// <inheritdoc/>
    public override string ToString() => Case.Name;
}
