namespace ResNeSt.Tensors.Graphs;

/// <summary>What a caller wishes of a lowered graph.</summary>
/// <param name="WeightType">How packed weights are kept: F32, or F16 or BF16 for half the memory; arithmetic stays in F32.</param>
/// <param name="Threads">Processors that will usually run it; a hint for the choice of algorithms.</param>
/// <param name="AlgorithmFile">File with measured choices of algorithms that take precedence, or null for the machine's own.</param>
/// <param name="Tune">Measure the algorithms of layers that have no measured choice yet, and save the results.</param>
public sealed record LoweringOptions(DType WeightType = DType.F32, int Threads = 1, string? AlgorithmFile = null, bool Tune = false);
