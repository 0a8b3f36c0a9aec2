using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Reference;

namespace ResNeSt.ThirdPartyBackend;

/// <summary>The device kind <c>third-party</c>: index 0 is the recompiled reference backend, index 1 the same with one kernel replaced.</summary>
public static class ThirdPartyDevice
{
    /// <summary>The recompiled reference backend.</summary>
    public static Device Plain => new("third-party");

    /// <summary>The same with <see cref="CountingAffineKernel"/> in front of its affine kernel.</summary>
    public static Device Overridden => new("third-party", 1);

    /// <summary>Makes the devices known to the engine.</summary>
    public static void Register() => BackendRegistry.Register("third-party", Create);

    /// <summary>A new backend of this kind under another name, for a test that changes its kernels.</summary>
    public static Backend Create(Device device) => new ReferenceBackend(device);

    private static Backend Create(int index)
    {
        if (index > 1)
            throw new DeviceException($"device 'third-party:{index}' does not exist: there are two");
        var backend = Create(new Device("third-party", index));
        if (index == 1)
            backend.Kernels.Add(new CountingAffineKernel());
        return backend;
    }
}
