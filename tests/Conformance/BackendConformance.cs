using NUnit.Framework;
using ResNeSt.Tensors;

namespace ResNeSt.Conformance;

/// <summary>The suite that every backend runs: subclass it once per device. One test per operator and property, over all of the operator's cases.</summary>
/// <example><code>
/// public sealed class CpuConformance : BackendConformance
/// {
///     protected override Device Device => "cpu";
/// }
/// </code></example>
[TestFixture]
public abstract class BackendConformance
{
    /// <summary>The device under test.</summary>
    protected abstract Device Device { get; }

    /// <summary>The storage types whose outputs are compared besides F32.</summary>
    protected virtual IReadOnlyList<DType> StorageTypes => [DType.F16, DType.BF16];

    private BackendChecks Checks => new(Device);

    /// <summary>Which cases run; slow devices leave out <see cref="OpCase.Large"/>.</summary>
    protected virtual bool Covers(OpCase opCase) => true;

    /// <summary>Registers the backend.</summary>
    [OneTimeSetUp]
    protected virtual void Register()
    {
    }

    [TestCaseSource(typeof(CaseCatalog), nameof(CaseCatalog.OpNames))]
    public void Forward_MatchesReference(string op) => Report(op, cases => Checks.Forward(cases, DType.F32));

    [TestCaseSource(typeof(CaseCatalog), nameof(CaseCatalog.OpNames))]
    public void ForwardInHalf_MatchesReference(string op) =>
        Report(op, cases => [.. StorageTypes.SelectMany(dtype => Checks.Forward(cases.Where(c => !c.Large), dtype))]);

    [TestCaseSource(typeof(CaseCatalog), nameof(CaseCatalog.OpNames))]
    public void Gradients_MatchReference(string op) => Report(op, cases => Checks.Gradients(cases));

    [TestCaseSource(typeof(CaseCatalog), nameof(CaseCatalog.OpNames))]
    public void FusedKernel_MatchesDefinition(string op) => Report(op, cases => Checks.Definition(cases));

    [TestCaseSource(typeof(CaseCatalog), nameof(CaseCatalog.OpNames))]
    public void Results_HaveTheSameBitsForAnyThreadsAndMemory(string op) => Report(op, cases => Checks.Bits(cases));

    private void Report(string op, Func<IReadOnlyList<OpCase>, IReadOnlyList<string>> check)
    {
        var cases = CaseCatalog.Of(op).Where(Covers).ToArray();
        if (cases.Length == 0)
            Assert.Pass("every case is left out on this device");
        var failures = check(cases);
        TestContext.Out.WriteLine($"{op} on {Device}: {cases.Length} cases");
        if (failures.Count > 0)
            Assert.Fail(string.Join('\n', failures));
    }
}
