using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Every kernel of the ILGPU backend, one line each, by family.</summary>
internal static class IlgpuKernelTable
{
    public static void AddTo(KernelTable table, GpuQueue queue)
    {
    }
}
