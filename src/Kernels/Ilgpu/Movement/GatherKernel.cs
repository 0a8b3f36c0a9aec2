using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>y[Y(i)] = x[X(i)] for elements of any type of one size: what permuting, repeating, cutting and joining come down to.</summary>
/// <remarks>Mapping: one thread an element, striding over the grid; writes of a permutation are coalesced, its reads are as the order of axes has it.</remarks>
/// <typeparam name="T">A type of the elements' size.</typeparam>
internal static class GatherKernel<T>
    where T : unmanaged
{
    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<T>, ArrayView<T>, Places, int>> Kernel =
        GpuKernel.Define<ArrayView<T>, ArrayView<T>, Places, int>($"gather.{System.Runtime.CompilerServices.Unsafe.SizeOf<T>()}-byte", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<T> x, ArrayView<T> y, Places places, int count)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
            y[places.ToOffset + places.To.Offset(i)] = x[places.FromOffset + places.From.Offset(i)];
    }
}

/// <summary>Where an element comes from and where it goes.</summary>
internal readonly struct Places(StridedIndex from, int fromOffset, StridedIndex to, int toOffset)
{
    public readonly StridedIndex From = from;
    public readonly int FromOffset = fromOffset;
    public readonly StridedIndex To = to;
    public readonly int ToOffset = toOffset;
}

/// <summary>Copies blocks between arrays of any element type.</summary>
internal static class Gather
{
    /// <summary>One for each size of element.</summary>
    public static IEnumerable<GpuKernel> Kernels => [GatherKernel<byte>.Kernel, GatherKernel<ushort>.Kernel, GatherKernel<uint>.Kernel, GatherKernel<ulong>.Kernel];

    /// <summary>Copies an array of <paramref name="extents"/> from strided places of <paramref name="x"/> to strided places of <paramref name="y"/>.</summary>
    public static void Launch(GpuQueue queue, Tensor x, int[] fromStrides, int fromOffset, Tensor y, int[] toStrides, int toOffset, int[] extents)
    {
        int count = extents.Aggregate(1, (product, extent) => product * extent);
        if (count == 0)
            return;
        int[][] strides = [fromStrides, toStrides];
        var merged = AxisMerge.Merge(extents, strides);
        var places = new Places(new StridedIndex(merged, strides[0]), fromOffset, new StridedIndex(merged, strides[1]), toOffset);
        var config = queue.Over(count, 1);
        switch (x.DType.ByteSize)
        {
            case 1:
                queue.Launch(GatherKernel<byte>.Kernel, config, x.Elements<byte>(), y.Elements<byte>(), places, count);
                break;
            case 2:
                queue.Launch(GatherKernel<ushort>.Kernel, config, x.Elements<ushort>(), y.Elements<ushort>(), places, count);
                break;
            case 4:
                queue.Launch(GatherKernel<uint>.Kernel, config, x.Elements<uint>(), y.Elements<uint>(), places, count);
                break;
            default:
                queue.Launch(GatherKernel<ulong>.Kernel, config, x.Elements<ulong>(), y.Elements<ulong>(), places, count);
                break;
        }
    }

    /// <summary>Whether the axes, joined, are few enough.</summary>
    public static bool Supports(int[] extents, int[] fromStrides, int[] toStrides) =>
        AxisMerge.Merge(extents, [fromStrides, toStrides]).Length <= StridedIndex.MaxAxes;
}
