using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu.Tests;

public sealed class IlgpuDevicesTests
{
    [TestCase("cuda")]
    [TestCase("opencl")]
    public void Open_OfADeviceThatIsNotThere_SaysWhyAndNeverTakesAnother(string kind)
    {
        IlgpuBackend.Register();
        int beyond = IlgpuDevices.Find().Count(info => info.Device.Kind == kind);

        Assert.That(() => BackendRegistry.Get(new Device(kind, beyond)),
            Throws.TypeOf<DeviceException>().With.Message.Contains($"device {kind}:{beyond} does not exist"));
    }

    [Test]
    public void Find_OnAnyMachine_ListsTheTwoSimulatedDevices()
    {
        var simulated = IlgpuDevices.Find().Where(info => info.Device.Kind == "ilgpu-cpu").ToList();

        Assert.That(simulated.Select(info => info.WarpSize), Is.EqualTo(new[] { 4, 32 }));
    }
}
