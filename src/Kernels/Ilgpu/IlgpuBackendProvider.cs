using ResNeSt.Kernels.Ilgpu;
using ResNeSt.Tensors.Backends;

[assembly: BackendProvider(typeof(IlgpuBackendProvider))]

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Lets <see cref="BackendRegistry.TryLoad"/> register this assembly's devices.</summary>
public sealed class IlgpuBackendProvider : IBackendProvider
{
    /// <inheritdoc/>
    public void Register() => IlgpuBackend.Register();
}
