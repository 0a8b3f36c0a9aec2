using ResNeSt.Models.Tests;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Three training steps on a simulated device against the losses, logits and norms of the gradients of the published implementation.</summary>
/// <remarks>Products have no barriers here: with them these networks would take hours on threads of the host. <see cref="NetworkTests"/> has the tiles.</remarks>
[TestFixture, Category("Long")]
public sealed class GoldenTrainTests
{
    [OneTimeSetUp]
    public void Register() => IlgpuBackend.Register();

    [TestCaseSource(typeof(GoldenTrainRun), nameof(GoldenTrainRun.Names))]
    public void ThreeSteps_FollowThePublishedRun(string name) =>
        OtherDevices.With("ilgpu-cpu", GemmVariant.Direct, GpuPrecision.F32, () => GoldenTrainRun.Check(name, "ilgpu-cpu", DType.F32, normsOnly: true));
}
