namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Winograd convolutions: values, zeros around the output, plane sums, equal bits for any number of threads, and what they refuse.</summary>
internal sealed class WinogradAlgorithmTests
{
    [Test]
    public void Winograd_OnEveryExtentAndPadding_MatchesReference([ValueSource(typeof(WinogradCases), nameof(WinogradCases.Algorithms))] ConvAlgorithm algorithm)
    {
        var problems = WinogradCases.Extents().ToArray();
        var supported = problems.Where(algorithm.Supports).ToArray();

        Assert.That(supported, Has.Length.GreaterThanOrEqualTo(problems.Length - (algorithm is WinogradRowAlgorithm ? 4 : 0)), "most of them are supported");
        Assert.That(supported.Select(problem => WinogradCases.Check(algorithm, problem)).OfType<string>(), Is.Empty);
    }

    [Test]
    public void Winograd_OnEveryKindOfChannels_MatchesReference([ValueSource(typeof(WinogradCases), nameof(WinogradCases.Algorithms))] ConvAlgorithm algorithm)
    {
        var problems = WinogradCases.Channels().ToArray();
        var supported = problems.Where(algorithm.Supports).ToArray();

        // Rows want F32 weights and groups of whole blocks of channels.
        Assert.That(supported, Has.Length.GreaterThanOrEqualTo(algorithm is WinogradRowAlgorithm ? 5 : problems.Length - 4), "most of them are supported");
        Assert.That(supported.Select(problem => WinogradCases.Check(algorithm, problem)).OfType<string>(), Is.Empty);
    }

    [TestCaseSource(nameof(Layers))]
    public void Winograd_OnRealLayers_MatchesReference(ConvProblem problem) =>
        Assert.That(WinogradCases.Algorithms.Where(algorithm => algorithm.Supports(problem)).Select(algorithm => WinogradCases.Check(algorithm, problem)).OfType<string>(), Is.Empty);

    [TestCaseSource(nameof(Edges))]
    public void Winograd_AtTheEdgesOfEveryAlgorithm_MatchesReference(ConvProblem problem) =>
        Assert.That(WinogradCases.Algorithms.Where(algorithm => algorithm.Supports(problem)).Select(algorithm => WinogradCases.Check(algorithm, problem)).OfType<string>(), Is.Empty);

    [Test]
    public void Winograd_OfOtherConvolutions_IsNotSupported()
    {
        ConvProblem[] others =
        [
            ConvAlgorithmCases.Conv(1, 32, 32, 14, 14, 3, stride: 2, padding: 1),
            ConvAlgorithmCases.Conv(1, 32, 32, 14, 14, 3, padding: 2, dilation: 2),
            ConvAlgorithmCases.Conv(1, 32, 32, 14, 14, 1),
            ConvAlgorithmCases.Conv(1, 32, 32, 14, 14, 5, padding: 2),
            ConvAlgorithmCases.Conv(1, 32, 32, 14, 14, 3, padding: 1, prologue: new(2, null)),
            // Sixteen times as many multiplications with zeros as with weights.
            ConvAlgorithmCases.Conv(1, 32, 32, 14, 14, 3, padding: 1, groups: 32),
        ];

        Assert.That(WinogradCases.Algorithms.SelectMany(algorithm => others.Where(algorithm.Supports)), Is.Empty);
    }

    [Test]
    public void Plan_OfAnyBatch_CoversEachTileOfEachPanelOnce()
    {
        foreach (int batch in (int[])[1, 2, 3, 8, 33])
        {
            foreach (int outputs in (int[])[2, 4])
            {
                var problem = ConvAlgorithmCases.Conv(batch, 256, 512, 14, 21, 3, padding: 1, groups: 2);
                var plan = new WinogradPlan(problem, outputs);
                var seen = new int[batch, plan.TileRows, plan.TileColumns, plan.Panels.Length];
                foreach (var (area, segment) in plan.Chunks)
                {
                    foreach (int n in Enumerable.Range(area.Picture, area.Pictures))
                    foreach (int row in Enumerable.Range(area.Row, area.Rows))
                    foreach (int column in Enumerable.Range(area.Column, area.Columns))
                    foreach (int panel in Enumerable.Range(segment.FirstPanel, segment.Panels))
                        seen[n, row, column, panel]++;
                }

                Assert.That(seen.Cast<int>(), Is.All.EqualTo(1), $"batch {batch}, F({outputs})");
            }
        }
    }

    [Test]
    public void Panels_OfAnyGroup_HoldEachBlockOnce_AndLeaveNoneAlone()
    {
        for (int blocks = 2; blocks <= 12; blocks++)
        {
            var plan = new WinogradPlan(ConvAlgorithmCases.Conv(1, 64, 32 * blocks, 14, 14, 3, padding: 1, groups: 2), 2);
            int next = 0;
            long offset = 0;
            foreach (var panel in plan.Panels)
            {
                Assert.That((panel.Block, panel.WeightOffset), Is.EqualTo((next, offset)), $"{blocks} blocks a group");
                Assert.That(panel.Blocks, Is.LessThanOrEqualTo(WinogradPlan.PanelWidth / BlockedLayout.Block).And.GreaterThan(DirectAlgorithm.VectorBits == 512 || blocks % 2 == 0 ? 1 : 0));
                Assert.That(panel.Channels, Is.EqualTo(32), "those of one group");
                next += panel.Blocks;
                offset += panel.WeightLength(plan.Positions);
            }

            Assert.That((next, offset), Is.EqualTo((2 * blocks, plan.WeightLength)));
        }
    }

    private static IEnumerable<ConvProblem> Layers() => ConvAlgorithmCases.Layers().Where(problem => problem.IsUnitStride3x3);

    private static IEnumerable<ConvProblem> Edges() => ConvAlgorithmCases.Edges().Where(problem => problem.IsUnitStride3x3);
}
