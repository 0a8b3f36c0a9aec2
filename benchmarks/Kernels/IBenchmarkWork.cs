namespace ResNeSt.Benchmarks;

/// <summary>A benchmark's parameter that knows its work, for <see cref="FlopsColumn"/>.</summary>
public interface IBenchmarkWork
{
    /// <summary>Floating-point operations.</summary>
    double Flops { get; }
}
