namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Rounding errors of Winograd's algorithm on real layers; the table of docs/numerics.md states what is measured here.</summary>
internal sealed class WinogradErrorTests
{
    // Errors relative to the largest result of an output channel, and to the sum of magnitudes behind an output.
    private const double TwoOfLargest = 1.5e-6, TwoOfTerms = 8e-7;
    private const double FourOfLargest = 5e-6, FourOfTerms = 2.5e-6;

    // Scales of channels behind batch norms with running variances between 1e-3 and 1e3 lie three decades apart.
    private const double Harsh = 3;

    [TestCaseSource(nameof(Layers))]
    public void Winograd_OnARealLayer_StaysNearDoublePrecision(ConvProblem problem, double decades)
    {
        var direct = ConvErrors.Measure(DirectAlgorithm.Blocked, problem, decades, 1);
        var two = ConvErrors.Measure(WinogradAlgorithms.Two, problem, decades, 1);
        var four = ConvErrors.Measure(WinogradAlgorithms.Four, problem, decades, 1);
        var rows = ConvErrors.Measure(WinogradRowAlgorithm.Instance, problem, decades, 1);

        TestContext.Out.WriteLine($"direct {direct}, two {two}, four {four}, rows {rows}");
        Assert.Multiple(() =>
        {
            Assert.That(two.OfLargest, Is.LessThanOrEqualTo(TwoOfLargest));
            Assert.That(two.OfTerms, Is.LessThanOrEqualTo(TwoOfTerms));
            Assert.That(rows.OfLargest, Is.LessThanOrEqualTo(TwoOfLargest));
            Assert.That(rows.OfTerms, Is.LessThanOrEqualTo(TwoOfTerms));
            Assert.That(four.OfLargest, Is.LessThanOrEqualTo(FourOfLargest));
            Assert.That(four.OfTerms, Is.LessThanOrEqualTo(FourOfTerms));
        });
    }

    private static IEnumerable<TestCaseData> Layers()
    {
        foreach (var (inputs, outputs, size, groups) in ((int, int, int, int)[])[(32, 64, 56, 1), (64, 128, 56, 2), (128, 256, 28, 2), (256, 512, 14, 2), (512, 1024, 7, 2)])
        {
            foreach (double decades in (double[])[0, Harsh])
            {
                var problem = ConvAlgorithmCases.Conv(1, inputs, outputs, size, size, 3, padding: 1, groups: groups, epilogue: default(ConvEpilogue));
                yield return new TestCaseData(problem, decades).SetArgDisplayNames($"{inputs}-{outputs} @{size}", decades == 0 ? "even" : "harsh");
            }
        }
    }
}
