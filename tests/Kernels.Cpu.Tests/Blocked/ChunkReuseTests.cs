namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Which chunk ran before on the same thread depends on chance, so it must not be seen in the results.</summary>
internal sealed class ChunkReuseTests
{
    [TestCaseSource(nameof(Cases))]
    public void RunChunk_BehindEveryOtherChunk_WritesTheSameBits(ConvAlgorithm algorithm, ConvProblem problem, bool reuses) =>
        Assert.That(ChunkReuseCases.Check(algorithm, problem, reuses), Is.Null);

    private static IEnumerable<TestCaseData> Cases() => ChunkReuseCases.All().Select(test =>
        new TestCaseData(test.Algorithm, test.Problem, test.Reuses).SetArgDisplayNames(test.Algorithm.Name, test.Problem.ToString()));
}
