using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>The end of a convolution whose sums were cut, and SiLU, whose exponential would be written out for each of a thread's sums: one launch that
/// adds the parts, bias and residual, and, where the mean over the plane is wanted, takes the sums over 64 pixels of what it stores.</summary>
internal static class FusedTail
{
    /// <summary>Mapping: one thread an element, striding over the grid. Traffic: 4 · (parts + 1) bytes an element, 4 more with a residual; bound by memory.</summary>
    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, StoreTail, int, SplitSumShape, ArrayView<float>>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, StoreTail, int, SplitSumShape, ArrayView<float>>("conv.fused.tail", GpuQueue.MaxGroup, Body);

    /// <summary>Mapping: one warp 64 pixels of a channel, striding over the grid; sums in a butterfly. Traffic: as above, and 4 bytes a warp.</summary>
    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, StoreTail, int, SplitSumShape, ArrayView<float>, RowSums>> WithSums =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, StoreTail, int, SplitSumShape, ArrayView<float>, RowSums>("conv.fused.tail-sums", GpuQueue.MaxGroup, SumBody);

    /// <summary>Launches the one that is needed.</summary>
    /// <param name="queue">The device.</param>
    /// <param name="parts">What there is of the sums, part after part.</param>
    /// <param name="y">The result; it may be the only part.</param>
    /// <param name="tail">What happens to complete sums.</param>
    /// <param name="silu">And SiLU behind it.</param>
    /// <param name="shape">Parts, and the biases of planes.</param>
    /// <param name="bias">The biases.</param>
    /// <param name="sums">Where sums over pixels go.</param>
    public static void Launch(
        GpuQueue queue, ArrayView<float> parts, ArrayView<float> y, StoreTail tail, bool silu, SplitSumShape shape, ArrayView<float> bias, RowSums sums)
    {
        if (sums.ImagesPerPart > 0)
            queue.Launch(WithSums, queue.OverWarps((long)sums.Parts * sums.Channels.Divisor), parts, y, tail, silu ? 1 : 0, shape, bias, sums);
        else
            queue.Launch(Kernel, queue.Over(y.Length, 1), parts, y, tail, silu ? 1 : 0, shape, bias);
    }

    public static void Body(ArrayView<float> parts, ArrayView<float> y, StoreTail tail, int silu, SplitSumShape shape, ArrayView<float> bias)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int i = Grid.GlobalIndex.X; i < shape.Count; i += stride)
            y[i] = Finish(parts, tail, silu, shape, bias, i);
    }

    public static void SumBody(ArrayView<float> parts, ArrayView<float> y, StoreTail tail, int silu, SplitSumShape shape, ArrayView<float> bias, RowSums sums)
    {
        int warps = Group.DimX / Warp.WarpSize, plane = sums.Plane.Divisor, channels = sums.Channels.Divisor;
        int count = sums.Parts * channels;
        for (int i = Grid.IdxX * warps + Group.IdxX / Warp.WarpSize; i < count; i += Grid.DimX * warps)
        {
            int part = sums.Channels.Divide(i), channel = i - part * channels;
            int begin = part * PoolParts.Pixels, end = IntrinsicMath.Min(begin + PoolParts.Pixels, sums.Pixels);
            int image = sums.Plane.Divide(begin);
            for (int slot = 0; (image + slot) * plane < end; slot++)
            {
                int first = (image + slot) * plane;
                int last = IntrinsicMath.Min(first + plane, end);
                // Pixels are counted over all images, and between two planes of a channel lie those of the others.
                int offset = ((image + slot) * (channels - 1) + channel) * plane;
                float sum = 0;
                for (int pixel = IntrinsicMath.Max(first, begin) + Warp.LaneIdx; pixel < last; pixel += Warp.WarpSize)
                {
                    float value = Finish(parts, tail, silu, shape, bias, offset + pixel);
                    y[offset + pixel] = value;
                    sum += value;
                }

                sum = GroupReduction.CombineWarp<SumReduction>(sum);
                if (Warp.IsFirstLane)
                    sums.Put(part, slot, channel, sum);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Finish(ArrayView<float> parts, StoreTail tail, int silu, SplitSumShape shape, ArrayView<float> bias, int i)
    {
        float value = tail.Apply(i, SplitSum.At(parts, shape, bias, i));
        return silu != 0 ? value * GpuMath.Sigmoid(value) : value;
    }
}
