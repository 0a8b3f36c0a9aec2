using ILGPU;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>The entries of pixels for <see cref="GatheredRows"/>: where the window begins, and which rows and columns of the filter leave the image.</summary>
/// <remarks>Mapping: one thread a pixel, striding over the grid. Traffic: 8 bytes written a pixel.</remarks>
internal static class PatchWindows
{
    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ImageGather, ArrayView<PatchEntry>>> Kernel =
        GpuKernel.Define<ImageGather, ArrayView<PatchEntry>>("conv.windows", GpuQueue.MaxGroup, Run);

    public static void Run(ImageGather gather, ArrayView<PatchEntry> to)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = to.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            // A pixel behind the last has a window that every tap misses.
            var window = gather.WindowOf(0, i);
            var entry = default(PatchEntry);
            entry.Offset = window.Origin;
            entry.Lines = gather.LinesOutside(window);
            to[i] = entry;
        }
    }
}
