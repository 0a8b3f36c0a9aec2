using ResNeSt.Tensors.Backends;
using ResNeSt.ThirdPartyBackend;

namespace ResNeSt.Tensors.Tests;

/// <summary>A backend from outside the engine passes the same suite as those inside.</summary>
public sealed class ThirdPartyConformance : BackendConformance
{
    protected override Device Device => ThirdPartyDevice.Plain;

    protected override IReadOnlyList<DType> StorageTypes => [DType.BF16];

    protected override bool Covers(OpCase opCase) => !opCase.Large;

    protected override void Register() => ThirdPartyDevice.Register();

    [Test]
    public void Backend_IsCompiledOutsideTheEngine() =>
        Assert.That(BackendRegistry.Get(Device).GetType().Assembly.GetName().Name, Is.EqualTo("ResNeSt.ThirdPartyBackend"));

    [Test]
    public void KernelAddedLast_IsAskedFirst_AndMayDecline()
    {
        using var scope = new TensorScope();
        int before = CountingAffineKernel.Launches;

        var single = Tensor.FromArray<float>([1, 2, 3], [3], ThirdPartyDevice.Overridden) * 2 + 1;
        var wide = Tensor.FromArray<double>([1, 2, 3], [3], ThirdPartyDevice.Overridden) * 2 + 1;

        Assert.That(single.ToArray<float>(), Is.EqualTo(new float[] { 3, 5, 7 }));
        Assert.That(wide.ToArray<double>(), Is.EqualTo(new double[] { 3, 5, 7 }));
        Assert.That(CountingAffineKernel.Launches - before, Is.EqualTo(2));
    }

    [Test]
    public void Device_ThatTheBackendLacks_SaysSo() => Assert.That(
        () => Tensor.Zeros([1], device: "third-party:7"), Throws.InstanceOf<DeviceException>().With.Message.Contains("third-party:7"));
}
