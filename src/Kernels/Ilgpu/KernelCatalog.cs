using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Every GPU kernel of this assembly, and what it is for.</summary>
internal static class KernelCatalog
{
    /// <summary>The kernels by name, each once, with the operators that launch them.</summary>
    public static IReadOnlyList<(GpuKernel Kernel, IReadOnlyList<string> Ops)> All { get; } = Collect();

    private static (GpuKernel Kernel, IReadOnlyList<string> Ops)[] Collect()
    {
        var table = new KernelTable();
        // No kernel touches its queue before it runs.
        IlgpuKernelTable.AddTo(table, null!);
        return table.All.Cast<ILaunchesGpuKernels>()
            .SelectMany(user => user.GpuKernels.Select(kernel => (Kernel: kernel, Op: user.OpType.Name)))
            .GroupBy(pair => pair.Kernel)
            .Select(group => (Kernel: group.Key, Ops: (IReadOnlyList<string>)group.Select(pair => pair.Op).Distinct().Order(StringComparer.Ordinal).ToArray()))
            .Append((Kernel: PeakKernel.Kernel, Ops: []))
            .OrderBy(entry => entry.Kernel.Name, StringComparer.Ordinal)
            .ToArray();
    }
}
