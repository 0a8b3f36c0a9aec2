using ResNeSt.Tensors;

namespace ResNeSt.Inference;

/// <summary>What one step of a compiled session does.</summary>
/// <param name="Index">Position in the session.</param>
/// <param name="Name">The algorithm.</param>
/// <param name="Operator">The operator that it computes, also where that is only the first part of a fused one; <c>layout</c> for a change of layout.</param>
/// <param name="Module">Path of the module it comes from; may be empty.</param>
/// <param name="Output">Spec of its first output; null for a change of layout.</param>
/// <param name="Layout">How its first output lies in memory.</param>
/// <param name="Cost">The least work it can cost.</param>
/// <param name="WeightBytes">Bytes of packed weights that it keeps.</param>
public sealed record SessionStep(int Index, string Name, string Operator, string Module, TensorSpec? Output, string Layout, OpCost Cost, long WeightBytes);

/// <summary>How long one step of a compiled session took.</summary>
/// <param name="Step">The step.</param>
/// <param name="Milliseconds">Median over the runs.</param>
public sealed record StepTime(SessionStep Step, double Milliseconds)
{
    /// <summary>The device's kernels that it launches, the longest first; empty where the host computes.</summary>
    public IReadOnlyList<string> Kernels { get; init; } = [];

    /// <summary>Floating-point operations of the operator, as if computed directly, in 10⁹ a second.</summary>
    public double GigaflopsPerSecond => Step.Cost.Flops / Milliseconds * 1e-6;

    /// <summary>Bytes that the operator must at least read and write, in 10⁹ a second.</summary>
    public double GigabytesPerSecond => (Step.Cost.BytesRead + Step.Cost.BytesWritten) / Milliseconds * 1e-6;
}
