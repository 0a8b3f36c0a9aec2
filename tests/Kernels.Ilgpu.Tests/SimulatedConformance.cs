namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Every operator and every small case on ILGPU's simulated devices, each in two runs: the normal suite.</summary>
[TestFixture]
public sealed class SimulatedConformance
{
    /// <summary>The operators whose kernels combine the lanes of a warp.</summary>
    private static readonly string[] WarpOps =
    [
        "sum", "mean", "max", "softmax", "softmax_grad", "log_softmax", "batch_norm_train", "batch_norm_train_grad", "batch_norm_train_relu", "batch_norm_train_relu_grad",
        "group_norm", "layer_norm", "radix_sum_global_avg_pool", "attention_weighted_sum_grad",
    ];

    /// <summary>Operators that read and write F16 and BF16 themselves, and the conversions that stand around all others.</summary>
    private static readonly string[] HalfOps = ["add", "cast", "conv2d"];

    [OneTimeSetUp]
    public void Register() => OtherDevices.Register();

    [TestCaseSource(typeof(CaseCatalog), nameof(CaseCatalog.OpNames))]
    public void Warp4_MatchesReference(string op) => Assert.That(new BackendChecks("ilgpu-cpu").InTwoRuns(Small(op)), Is.Empty);

    [TestCaseSource(nameof(WarpOps))]
    public void Warp32_MatchesReference(string op) => Assert.That(new BackendChecks("ilgpu-cpu:1").InTwoRuns(Small(op)), Is.Empty);

    /// <summary>What is ordered in rounds of a group's size has one order for any size, also where a device has smaller groups than a kernel asks for.</summary>
    [Test]
    public void Rounds_OfGroupsOfAnySize_MatchReference(
        [Values("max_pool2d_grad", "deform_sample_input_grad")] string op, [Values(OtherDevices.Narrow, "ilgpu-cpu:1")] string device)
    {
        OpCase[] cases = [.. Small(op)];
        Assert.That(cases, Is.Not.Empty);
        using var guarded = EngineSettings.WithCheckBounds(true);
        Assert.That(new BackendChecks(device).Forward(cases, DType.F32), Is.Empty);
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
