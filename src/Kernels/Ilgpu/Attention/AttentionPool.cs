using ILGPU;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>The attention-weighted sum of the splits with the average pool behind it (avd): only the pooled values exist in memory.</summary>
/// <remarks>Mapping: one thread an output, striding over the grid; the weight is one for a whole plane, so each split is pooled first and weighted
/// once. Traffic: 4 · R bytes an input pixel that a window covers (overlaps meet in the caches) and 4 an output; bound by memory.</remarks>
internal static class AttentionPool
{
    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, PoolShape, AverageRule, SplitShape>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, ArrayView<float>, PoolShape, AverageRule, SplitShape>("attention-sum.pool", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> x, ArrayView<float> attention, ArrayView<float> y, PoolShape shape, AverageRule rule, SplitShape splits)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = y.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int line = shape.OutputWidth.Divide(i);
            int plane = shape.OutputHeight.Divide(line);
            int top = (line - plane * shape.OutputHeight.Divisor) * shape.StrideH - shape.PadTop;
            int left = (i - line * shape.OutputWidth.Divisor) * shape.StrideW - shape.PadLeft;
            int bottom = IntrinsicMath.Min(top + shape.KernelH, shape.Height);
            int right = IntrinsicMath.Min(left + shape.KernelW, shape.Width);
            float sum = 0;
            for (int split = 0; split < splits.Radix; split++)
            {
                int first = splits.First(plane, split);
                float pooled = 0;
                for (int row = IntrinsicMath.Max(top, 0); row < bottom; row++)
                {
                    for (int column = IntrinsicMath.Max(left, 0); column < right; column++)
                        pooled += x[first + row * shape.Width + column];
                }

                sum += attention[splits.Channel(plane, split)] * pooled;
            }

            y[i] = sum / rule.Divisor(shape, top, left);
        }
    }
}
