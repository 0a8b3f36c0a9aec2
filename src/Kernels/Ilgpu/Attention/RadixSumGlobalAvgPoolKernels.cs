using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>s[n,c] = mean over the plane of the sum over the splits: one read of the features, no sum of splits in memory.</summary>
/// <remarks>Mapping: one group an output where planes are large, else one warp; threads take pixels in turn, 128-bit words where planes are
/// whole words. Traffic: R · 4 bytes a pixel; bound by memory.</remarks>
internal sealed class RadixSumGlobalAvgPoolIlgpuKernel(GpuQueue queue) : IlgpuKernel<RadixSumGlobalAvgPoolOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [ByGroup, ByWarp];

    /// <summary>Values a result from which on a whole group works on it.</summary>
    private const int GroupFrom = 1024;

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, SplitShape>> ByGroup =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, SplitShape>("radix-sum-pool.by-group", GpuQueue.MaxGroup, ByGroupBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, SplitShape>> ByWarp =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, SplitShape>("radix-sum-pool.by-warp", GpuQueue.MaxGroup, ByWarpBody);

    public static void ByGroupBody(ArrayView<float> x, ArrayView<float> y, SplitShape shape)
    {
        int lines = y.IntLength;
        for (int line = Grid.IdxX; line < lines; line += Grid.DimX)
        {
            float sum = GroupReduction.Combine<SumReduction>(SumOf(x, shape, line, Group.IdxX, Group.DimX));
            if (Group.IdxX == 0)
                y[line] = sum / shape.Plane.Divisor;
        }
    }

    public static void ByWarpBody(ArrayView<float> x, ArrayView<float> y, SplitShape shape)
    {
        int warpsPerGroup = Group.DimX / Warp.WarpSize;
        int lines = y.IntLength;
        for (int line = Grid.IdxX * warpsPerGroup + Group.IdxX / Warp.WarpSize; line < lines; line += Grid.DimX * warpsPerGroup)
        {
            float sum = GroupReduction.CombineWarp<SumReduction>(SumOf(x, shape, line, Warp.LaneIdx, Warp.WarpSize));
            if (Warp.IsFirstLane)
                y[line] = sum / shape.Plane.Divisor;
        }
    }

    protected override void Run(RadixSumGlobalAvgPoolOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        Launch(Queue, inputs[0], op.Radix, outputs[0]);

    /// <summary>Launches the variant that fits the planes.</summary>
    public static void Launch(GpuQueue queue, Tensor x, int radix, Tensor y)
    {
        var shape = new SplitShape(x.Shape, radix);
        int lines = y.Spec.ElementCount;
        if (shape.Plane.Divisor * radix >= GroupFrom)
            queue.Launch(ByGroup, (queue.Groups(lines, 1), queue.GroupSize), x.Floats, y.Floats, shape);
        else
            queue.Launch(ByWarp, queue.OverWarps(lines), x.Floats, y.Floats, shape);
    }

    /// <summary>One member's share of the sum over splits and pixels.</summary>
    private static float SumOf(ArrayView<float> x, SplitShape shape, int line, int member, int members)
    {
        float sum = 0;
        int plane = shape.Plane.Divisor;
        if (plane % 4 == 0)
        {
            var words = x.Cast<Float4>();
            for (int split = 0; split < shape.Radix; split++)
            {
                int first = shape.First(line, split) / 4;
                for (int i = member; i < plane / 4; i += members)
                {
                    var value = words[first + i];
                    sum += value.X + value.Y + (value.Z + value.W);
                }
            }
        }
        else
        {
            for (int split = 0; split < shape.Radix; split++)
            {
                int first = shape.First(line, split);
                for (int i = member; i < plane; i += members)
                    sum += x[first + i];
            }
        }

        return sum;
    }
}

/// <summary>Gradient of the pooled sum: every pixel of every split gets ds / plane.</summary>
/// <remarks>Mapping: one thread an element, striding over the grid. Traffic: 4 bytes written an element.</remarks>
internal sealed class RadixSumGlobalAvgPoolGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<RadixSumGlobalAvgPoolGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, SplitShape>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, SplitShape>("radix-sum-pool-grad", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> ds, ArrayView<float> dx, SplitShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = dx.IntLength;
        int channels = shape.Channels.Divisor;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int line = shape.Plane.Divide(i);
            int block = shape.Channels.Divide(line);
            dx[i] = ds[block / shape.Radix * channels + line - block * channels] / shape.Plane.Divisor;
        }
    }

    protected override void Run(RadixSumGlobalAvgPoolGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) => Queue.Launch(
        Kernel, Queue.Over(outputs[0].Spec.ElementCount, 1), inputs[0].Floats, outputs[0].Floats, new SplitShape(outputs[0].Shape, op.Radix));
}
