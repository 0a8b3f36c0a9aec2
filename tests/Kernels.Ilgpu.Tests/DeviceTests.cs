using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Devices, memory and messages.</summary>
[TestFixture]
public sealed class DeviceTests
{
    [OneTimeSetUp]
    public void Register() => IlgpuBackend.Register();

    [Test]
    public void Find_Always_ListsTheSimulatedDevices()
    {
        var simulated = IlgpuDevices.Find().Where(device => device.Device.Kind == "ilgpu-cpu").ToArray();
        Assert.That(simulated.Select(device => device.WarpSize), Is.EqualTo(new[] { 4, 32 }));
        Assert.That(simulated.Select(device => device.Device.ToString()), Is.EqualTo(new[] { "ilgpu-cpu", "ilgpu-cpu:1" }));
    }

    [Test]
    public void Get_CudaDeviceThatIsNotThere_SaysWhyInOneLine()
    {
        int absent = IlgpuDevices.Find().Count(device => device.Device.Kind == "cuda");
        var error = Assert.Throws<DeviceException>(() => BackendRegistry.Get($"cuda:{absent}"));
        Assert.That(error!.Message, Does.StartWith($"device cuda:{absent} does not exist: ").And.Not.Contain("\n"));
        if (absent == 0)
            Assert.That(error.Message, Does.Contain("driver"));
    }

    [Test]
    public void Get_SimulatedDeviceThatIsNotThere_ListsThoseThatAre()
    {
        var error = Assert.Throws<DeviceException>(() => BackendRegistry.Get("ilgpu-cpu:2"));
        Assert.That(error!.Message, Does.Contain("found 2").And.Contain("ilgpu-cpu:0").And.Contain("ilgpu-cpu:1"));
    }

    [Test]
    public void Provider_NamedByTheAssembly_IsLoaded() => Assert.That(BackendRegistry.TryLoad("ResNeSt.Kernels.Ilgpu"), Is.True);

    [Test]
    public void Tensors_BetweenDevices_KeepTheirBits()
    {
        using var scope = new TensorScope();
        foreach (var dtype in (DType[])[DType.F32, DType.F16, DType.BF16, DType.I32, DType.I64, DType.U8])
        {
            double[] values = [.. Enumerable.Range(0, 37)];
            var there = Tensor.FromDoubles(values, new TensorSpec([37], dtype), Device.Reference).To("ilgpu-cpu");
            Assert.That(there.To(Device.Reference).ToDoubles(), Is.EqualTo(values), dtype.ToString());
            there.Assign(there.To("ilgpu-cpu"));
            Assert.That(there.ToDoubles(), Is.EqualTo(values), dtype.ToString());
        }
    }

    [Test]
    public void Memory_OfDroppedTensors_IsUsedAgain()
    {
        var backend = (IlgpuBackend)BackendRegistry.Get("ilgpu-cpu");
        Run();
        long reserved = backend.Queue.Memory.ReservedBytes;
        int alive = backend.LiveStorages;
        for (int i = 0; i < 3; i++)
            Run();
        Assert.That(backend.Queue.Memory.ReservedBytes, Is.EqualTo(reserved));
        Assert.That(backend.LiveStorages, Is.EqualTo(alive));

        static void Run()
        {
            using var scope = new TensorScope();
            var x = Tensor.Zeros([10, 30], DType.F32, "ilgpu-cpu");
            _ = (x + x.Sum([1], keepAxes: true)).Relu().ToDoubles();
        }
    }

    [Test]
    public void Memory_OutsideOfABuffer_IsGuarded()
    {
        var backend = (IlgpuBackend)BackendRegistry.Get("ilgpu-cpu");
        using var checks = EngineSettings.WithCheckBounds(true);
        var storage = (IlgpuStorage)backend.Allocate(40);
        var beyond = storage.Bytes.SubView(0, 40);
        var wide = new ILGPU.ArrayView<byte>(((ILGPU.IArrayView)beyond).Buffer, 256, 48);
        backend.Queue.Enqueue("test", stream => ILGPU.Runtime.ArrayViewExtensions.MemSetToZero(wide, stream));
        var error = Assert.Throws<InvalidOperationException>(storage.ReleaseReference);
        Assert.That(error!.Message, Does.Contain("behind"));
    }

    [TestCase(1), TestCase(2), TestCase(3), TestCase(7), TestCase(49), TestCase(3136), TestCase(65535), TestCase(65536), TestCase(1000003), TestCase(int.MaxValue)]
    public void FastDivisor_AnyDividend_DividesExactly(int divisor)
    {
        var fast = new FastDivisor(divisor);
        var generator = new Generator((ulong)divisor);
        int[] edges = [0, 1, divisor - 1, divisor, divisor == int.MaxValue ? divisor : divisor + 1, int.MaxValue - 1, int.MaxValue];
        foreach (int n in edges.Concat(Enumerable.Range(0, 1000).Select(_ => generator.NextInt(int.MaxValue))))
            Assert.That(fast.Divide(n), Is.EqualTo(n / divisor), $"{n} / {divisor}");
    }
}
