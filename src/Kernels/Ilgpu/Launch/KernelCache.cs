using System.Collections.Concurrent;
using ILGPU.Backends;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>The kernels of one accelerator: each is compiled and loaded once.</summary>
internal sealed class KernelCache(Accelerator accelerator) : IDisposable
{
    private readonly ConcurrentDictionary<GpuKernel, Lazy<(ILGPU.Runtime.Kernel Kernel, Delegate Launcher)>> _loaded = new();

    /// <summary>The kernels that were launched on this accelerator so far.</summary>
    public IEnumerable<GpuKernel> Used => _loaded.Keys;

    /// <summary>The launcher of a kernel.</summary>
    public TLauncher Get<TLauncher>(GpuKernel<TLauncher> kernel)
        where TLauncher : Delegate =>
        (TLauncher)_loaded.GetOrAdd(kernel, key => new(() =>
        {
            var loaded = accelerator.LoadKernel(KernelCompiler.Compile(accelerator.GetBackend(), key));
            return (loaded, loaded.CreateLauncherDelegate<TLauncher>());
        })).Value.Launcher;

    /// <summary>Unloads every kernel.</summary>
    public void Dispose()
    {
        foreach (var entry in _loaded.Values)
        {
            if (entry.IsValueCreated)
                entry.Value.Kernel.Dispose();
        }

        _loaded.Clear();
    }
}
