namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>docs/ops.md names every operator, kernel and foreign case; see <see cref="OpsPage"/>.</summary>
public sealed class OpsPageTests
{
    [OneTimeSetUp]
    public void Register() => CpuBackend.Register();

    [Test]
    public void OpsPage_TableOfTheCpu_IsUpToDate() => OpsPage.CheckDevice(Device.Cpu);

    [Test]
    public void OpsPage_TablesOfTheCorpora_AreUpToDate() => OpsPage.CheckCorpora(Device.Cpu);
}
