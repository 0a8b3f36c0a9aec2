using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Every GPU kernel of this assembly, and what it is for.</summary>
internal static class KernelCatalog
{
    /// <summary>The kernels by name, each once, with the operators that launch them.</summary>
    public static IReadOnlyList<(GpuKernel Kernel, IReadOnlyList<string> Ops)> All { get; } = Collect();

    /// <summary>What bench measures devices with.</summary>
    private static IEnumerable<GpuKernel> PeakKernels() =>
        [PeakKernel.Kernel, PeakTensorKernel<FormatTF32>.Kernel, PeakTensorKernel<FormatF16>.Kernel, PeakTensorKernel<FormatBF16>.Kernel];

    private static (GpuKernel Kernel, IReadOnlyList<string> Ops)[] Collect()
    {
        var table = new KernelTable();
        // No kernel touches its queue before it runs.
        IlgpuKernelTable.AddTo(table, null!);
        return table.All.Cast<ILaunchesGpuKernels>()
            .SelectMany(user => user.GpuKernels.Select(kernel => (Kernel: kernel, Op: user.OpType.Name)))
            .GroupBy(pair => pair.Kernel)
            .Select(group => (Kernel: group.Key, Ops: (IReadOnlyList<string>)group.Select(pair => pair.Op).Distinct().Order(StringComparer.Ordinal).ToArray()))
            .Concat(PeakKernels().Select(kernel => (Kernel: kernel, Ops: (IReadOnlyList<string>)[])))
            .OrderBy(entry => entry.Kernel.Name, StringComparer.Ordinal)
            .ToArray();
    }
}
