namespace ResNeSt.Tensors.Tests;

/// <summary>Every gradient rule against finite differences in double precision.</summary>
public sealed class GradientTests
{
    [TestCaseSource(typeof(CaseCatalog), nameof(CaseCatalog.OpNames))]
    public void Gradient_MatchesFiniteDifferences(string op)
    {
        var failures = new List<string>();
        var cases = CaseCatalog.Of(op).Where(opCase => !opCase.Large && CaseRun.IsDifferentiable(opCase)).ToArray();
        foreach (var opCase in cases)
            failures.AddRange(GradientCheck.Failures(opCase).Select(failure => $"{opCase}: {failure}"));
        TestContext.Out.WriteLine($"{op}: {cases.Length} cases with gradients");
        if (failures.Count > 0)
            Assert.Fail(string.Join('\n', failures));
    }
}
