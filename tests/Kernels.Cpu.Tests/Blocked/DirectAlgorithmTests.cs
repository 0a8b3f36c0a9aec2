namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Direct convolutions on blocked activations.</summary>
internal sealed class DirectAlgorithmTests
{
    [TestCaseSource(nameof(EdgeProblems))]
    public void Direct_AtEdges_MatchesReference(ConvProblem problem) => AssertGood(DirectAlgorithm.Blocked, problem);

    [TestCaseSource(nameof(PlaneProblems))]
    public void DirectPlanes_AtEdges_MatchesReference(ConvProblem problem) => AssertGood(DirectAlgorithm.Planes, problem);

    [TestCaseSource(nameof(LayerProblems))]
    public void Direct_OnRealLayers_MatchesReference(ConvProblem problem) => AssertGood(DirectAlgorithm.Blocked, problem);

    private static IEnumerable<ConvProblem> EdgeProblems() => ConvAlgorithmCases.Edges();

    private static IEnumerable<ConvProblem> LayerProblems() => ConvAlgorithmCases.Layers();

    private static IEnumerable<ConvProblem> PlaneProblems() =>
        ConvAlgorithmCases.Edges().Concat(ConvAlgorithmCases.Layers()).Concat(
        [
            ConvAlgorithmCases.Conv(2, 1, 20, 9, 9, 3, padding: 1),
            ConvAlgorithmCases.Conv(1, 4, 33, 12, 17, 5, padding: 2, dilation: 2, stride: 2),
            ConvAlgorithmCases.Conv(1, 3, 16, 12, 17, 3, padding: 1, stride: 3),
        ]).Where(DirectAlgorithm.Planes.Supports);

    private static void AssertGood(ConvAlgorithm algorithm, ConvProblem problem) =>
        Assert.That(ConvAlgorithmCases.Check(algorithm, problem), Is.Null);
}
