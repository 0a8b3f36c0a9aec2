using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Adds the partial results of a product whose sums were cut, in ascending order.</summary>
/// <remarks>Mapping: one thread an element, striding over the grid. Traffic: 4 · (splits + 1) bytes an element, coalesced; bound by memory.</remarks>
internal static class SplitSum
{
    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, SplitSumShape, ArrayView<float>>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, SplitSumShape, ArrayView<float>>("gemm.split-sum", GpuQueue.MaxGroup, Run);

    public static void Run(ArrayView<float> parts, ArrayView<float> result, SplitSumShape shape, ArrayView<float> bias)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int i = Grid.GlobalIndex.X; i < shape.Count; i += stride)
            result[i] = At(parts, shape, bias, i);
    }

    /// <summary>One sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float At(ArrayView<float> parts, SplitSumShape shape, ArrayView<float> bias, int i)
    {
        float sum = 0;
        for (int split = 0; split < shape.Splits; split++)
            sum += parts[split * shape.Count + i];
        if (shape.Biased != 0)
        {
            int plane = shape.BiasPlane.Divide(i);
            sum += bias[plane - shape.BiasLength.Divide(plane) * shape.BiasLength.Divisor];
        }

        return sum;
    }
}

/// <summary>Extents of a sum of partial results: element i gets bias[i / BiasPlane % BiasLength].</summary>
internal readonly struct SplitSumShape(int count, int splits, bool biased, int biasPlane, int biasLength)
{
    public readonly int Count = count;
    public readonly int Splits = splits;
    public readonly int Biased = biased ? 1 : 0;
    public readonly FastDivisor BiasPlane = new(biasPlane);
    public readonly FastDivisor BiasLength = new(biasLength);
}
