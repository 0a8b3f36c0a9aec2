using ResNeSt.Tensors;

namespace ResNeSt.Models.Tests;

/// <summary>Three steps of training against the losses, gradients and logits of the published implementation.</summary>
public sealed class GoldenTrainTests
{
    [OneTimeSetUp]
    public void RegisterBackends() => DefaultBackends.Use();

    [TestCaseSource(typeof(GoldenTrainRun), nameof(GoldenTrainRun.Names))]
    public void ThreeSteps_InSinglePrecision_FollowThePublishedRun(string name) => GoldenTrainRun.Check(name, Device.Cpu, DType.F32);

    [TestCaseSource(typeof(GoldenTrainRun), nameof(GoldenTrainRun.Names))]
    public void ThreeSteps_InDoublePrecision_FollowThePublishedRun(string name) => GoldenTrainRun.Check(name, Device.Reference, DType.F64);
}
