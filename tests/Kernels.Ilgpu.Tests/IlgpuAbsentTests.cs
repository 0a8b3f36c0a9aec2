namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Stands in for the whole suite where the package source has no ILGPU.</summary>
public sealed class IlgpuAbsentTests
{
    [Test]
    public void GpuKernels_WithoutIlgpuPackages_AreSkipped() =>
        Assert.Ignore("No configured package source has ILGPU: the GPU backend was left out of this build, so its tests did not run.");
}
