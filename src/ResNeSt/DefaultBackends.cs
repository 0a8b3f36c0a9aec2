using ResNeSt.Kernels.Cpu;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Models;

/// <summary>The only file of this project that names a backend.</summary>
public static class DefaultBackends
{
    /// <summary>Makes the CPU known, and the GPU backend if its package is there and <paramref name="device"/> needs it.</summary>
    /// <param name="device">The device that will be asked for; the CPU if left out.</param>
    /// <returns>The device's backend.</returns>
    /// <exception cref="DeviceException">There is no such device; the message says what to do.</exception>
    public static Backend Use(Device? device = null)
    {
        CpuBackend.Register();
        var wanted = device ?? Device.Cpu;
        if (!BackendRegistry.Kinds.Contains(wanted.Kind))
            BackendRegistry.TryLoad("ResNeSt.Kernels.Ilgpu");
        return BackendRegistry.Get(wanted);
    }
}
