namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Compiled sessions on a simulated device: joined operators by their own kernels, memory planned, equal to double precision.</summary>
[TestFixture]
public sealed class SessionTests
{
    [OneTimeSetUp]
    public void Register() => IlgpuBackend.Register();

    [Test]
    public void Session_OfASmallResNeSt_MatchesDoublePrecision() => SmallResNeSt.CheckSession(
        SmallResNeSt.Options(8, 16, 16, 16), "ilgpu-cpu", size => 1e-5 * Math.Max(1, size), session => Assert.That(session.Steps, Is.Not.Empty));
}
