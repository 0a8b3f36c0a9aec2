using ResNeSt.Models.Tests;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Three training steps on a simulated device against the losses, logits and gradients of the published implementation.</summary>
/// <remarks>Products have no barriers here: with them these networks would take hours on threads of the host. <see cref="NetworkTests"/> has the tiles.</remarks>
[TestFixture, Category("Long")]
public sealed class GoldenTrainTests
{
    [OneTimeSetUp]
    public void Register() => OtherDevices.Register();

    [TestCaseSource(typeof(GoldenTrainRun), nameof(GoldenTrainRun.Names))]
    public void ThreeSteps_FollowThePublishedRun(string name) =>
        OtherDevices.With(OtherDevices.Narrow, GemmVariant.Direct, GpuPrecision.F32, () => GoldenTrainRun.Check(name, OtherDevices.Narrow, DType.F32));
}
