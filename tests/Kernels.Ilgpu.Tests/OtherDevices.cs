using ILGPU;
using ILGPU.Runtime.CPU;
using ResNeSt.Tensors.Backends;
using Device = ResNeSt.Tensors.Device;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Simulated devices that differ from those of <c>ilgpu-cpu</c>.</summary>
internal static class OtherDevices
{
    /// <summary>Groups of 256 threads in warps of 32, as the large tiles need; each is a thread of the host.</summary>
    public const string Wide = "ilgpu-wide";

    /// <summary>Groups of two threads, fewer than any kernel would like.</summary>
    public const string Narrow = "ilgpu-narrow";

    public static void Register()
    {
        IlgpuBackend.Register();
        Register(Wide, new CPUDevice(32, 8, 1));
        Register(Narrow, new CPUDevice(2, 1, 1));
    }

    /// <summary>Runs a test whose products all use one variant and one precision.</summary>
    public static void With(Device device, GemmVariant variant, GpuPrecision precision, Action test)
    {
        var backend = (IlgpuBackend)BackendRegistry.Get(device);
        (backend.Queue.ForcedVariant, backend.Precision) = (variant, precision);
        try
        {
            test();
        }
        finally
        {
            (backend.Queue.ForcedVariant, backend.Precision) = (GemmVariant.Automatic, GpuPrecision.F32);
        }
    }

    /// <summary>Whether a device launched a kernel whose name ends so.</summary>
    public static void AssertUsed(Device device, string ending) =>
        Assert.That(((IlgpuBackend)BackendRegistry.Get(device)).Queue.Kernels.Used.Select(kernel => kernel.Name), Has.Some.EndsWith(ending));

    private static void Register(string kind, CPUDevice shape) => BackendRegistry.Register(kind, index =>
    {
        var context = Context.Create(builder => builder.CPU(shape));
        return new IlgpuBackend(new Device(kind, index), shape.CreateCPUAccelerator(context));
    });
}
