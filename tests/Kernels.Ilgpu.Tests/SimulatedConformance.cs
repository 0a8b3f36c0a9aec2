namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Every operator and every small case on ILGPU's simulated devices, each in two runs: the normal suite.</summary>
[TestFixture]
public sealed class SimulatedConformance
{
    /// <summary>The operators whose kernels combine the lanes of a warp.</summary>
    private static readonly string[] WarpOps =
        ["sum", "max", "softmax", "softmax_grad", "log_softmax", "batch_norm_train", "batch_norm_train_grad", "radix_sum_global_avg_pool", "attention_weighted_sum_grad"];

    /// <summary>Operators that read and write F16 and BF16 themselves, and the conversions that stand around all others.</summary>
    private static readonly string[] HalfOps = ["add", "cast", "conv2d"];

    [OneTimeSetUp]
    public void Register() => OtherDevices.Register();

    [TestCaseSource(typeof(CaseCatalog), nameof(CaseCatalog.OpNames))]
    public void Warp4_MatchesReference(string op) => Assert.That(new BackendChecks("ilgpu-cpu").InTwoRuns(Small(op)), Is.Empty);

    [TestCaseSource(nameof(WarpOps))]
    public void Warp32_MatchesReference(string op) => Assert.That(new BackendChecks("ilgpu-cpu:1").InTwoRuns(Small(op)), Is.Empty);

    /// <summary>A device may have smaller groups than a kernel asks for.</summary>
    [Test]
    public void SmallGroups_MaxPoolGrad_MatchesReference()
    {
        OpCase[] cases = [.. Small("max_pool2d_grad")];
        Assert.That(cases, Is.Not.Empty);
        Assert.That(new BackendChecks(OtherDevices.Narrow).InTwoRuns(cases), Is.Empty);
    }

    [TestCaseSource(nameof(HalfOps))]
    public void Half_MatchesReference(string op)
    {
        var checks = new BackendChecks("ilgpu-cpu");
        Assert.That(checks.Forward(Small(op), DType.F16).Concat(checks.Forward(Small(op), DType.BF16)), Is.Empty);
    }

    private static IEnumerable<OpCase> Small(string op) => CaseCatalog.Of(op).Where(opCase => !opCase.Large);
}

/// <summary>The suite that every backend runs, with warps of 4.</summary>
[TestFixture, Category("Long")]
public sealed class Warp4Conformance : BackendConformance
{
    protected override Device Device => "ilgpu-cpu";

    protected override bool Covers(OpCase opCase) => !opCase.Large;

    protected override void Register() => IlgpuBackend.Register();
}

/// <summary>The same with warps of 32.</summary>
[TestFixture, Category("Long")]
public sealed class Warp32Conformance : BackendConformance
{
    protected override Device Device => "ilgpu-cpu:1";

    protected override bool Covers(OpCase opCase) => !opCase.Large;

    protected override void Register() => IlgpuBackend.Register();
}
