using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>y[n,c] = Σ_r a[n, r·C + c] · x[n, r·C + c]: the weighted splits never exist in memory.</summary>
/// <remarks>Mapping: one thread an output, or four where planes are whole 128-bit words, striding over the grid.
/// Traffic: 4 · (R + 1) bytes an output; bound by memory.</remarks>
internal sealed class AttentionWeightedSumIlgpuKernel(GpuQueue queue) : IlgpuKernel<AttentionWeightedSumOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, SplitShape>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, ArrayView<float>, SplitShape>("attention-sum", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> x, ArrayView<float> attention, ArrayView<float> y, SplitShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int plane = shape.Plane.Divisor;
        if (plane % 4 == 0)
        {
            var x4 = x.Cast<Float4>();
            var y4 = y.Cast<Float4>();
            int words = y.IntLength / 4;
            for (int i = Grid.GlobalIndex.X; i < words; i += stride)
            {
                int line = shape.Plane.Divide(i * 4);
                int within = i - line * (plane / 4);
                var sum = default(Float4);
                for (int split = 0; split < shape.Radix; split++)
                    sum.MultiplyAdd(attention[shape.Channel(line, split)], x4[shape.First(line, split) / 4 + within]);
                y4[i] = sum;
            }
        }
        else
        {
            int count = y.IntLength;
            for (int i = Grid.GlobalIndex.X; i < count; i += stride)
            {
                int line = shape.Plane.Divide(i);
                int within = i - line * plane;
                float sum = 0;
                for (int split = 0; split < shape.Radix; split++)
                    sum += attention[shape.Channel(line, split)] * x[shape.First(line, split) + within];
                y[i] = sum;
            }
        }
    }

    protected override void Run(AttentionWeightedSumOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) => Queue.Launch(
        Kernel, Queue.Over(outputs[0].Spec.ElementCount, 4), inputs[0].Floats, inputs[1].Floats, outputs[0].Floats, new SplitShape(inputs[0].Shape, op.Radix));
}

/// <summary>dx = a · g and da = Σ_hw g · x in one pass.</summary>
/// <remarks>Mapping: one warp an output channel; for each split it walks the plane once, writes dx and sums da by shuffles. The upstream
/// gradient is read from memory once and from the caches for the further splits. Traffic: 4 · (2R + 1) bytes an upstream element.</remarks>
internal sealed class AttentionWeightedSumGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<AttentionWeightedSumGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, AttentionViews, ArrayView<float>, ArrayView<float>, SplitShape>> Kernel =
        GpuKernel.Define<AttentionViews, ArrayView<float>, ArrayView<float>, SplitShape>("attention-sum-grad", GpuQueue.MaxGroup, Body);

    /// <summary>The inputs.</summary>
    internal readonly struct AttentionViews(ArrayView<float> x, ArrayView<float> attention, ArrayView<float> gradient)
    {
        public readonly ArrayView<float> X = x;
        public readonly ArrayView<float> Attention = attention;
        public readonly ArrayView<float> Gradient = gradient;
    }

    public static void Body(AttentionViews from, ArrayView<float> dx, ArrayView<float> da, SplitShape shape)
    {
        int warpsPerGroup = Group.DimX / Warp.WarpSize;
        int lines = shape.Images * shape.Channels.Divisor;
        int plane = shape.Plane.Divisor;
        for (int line = Grid.IdxX * warpsPerGroup + Group.IdxX / Warp.WarpSize; line < lines; line += Grid.DimX * warpsPerGroup)
        {
            for (int split = 0; split < shape.Radix; split++)
            {
                int channel = shape.Channel(line, split);
                int first = channel * plane;
                float weight = from.Attention[channel], sum = 0;
                for (int i = Warp.LaneIdx; i < plane; i += Warp.WarpSize)
                {
                    float gradient = from.Gradient[line * plane + i];
                    sum += gradient * from.X[first + i];
                    dx[first + i] = weight * gradient;
                }

                sum = GroupReduction.CombineWarp<SumReduction>(sum);
                if (Warp.IsFirstLane)
                    da[channel] = sum;
            }
        }
    }

    protected override void Run(AttentionWeightedSumGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var features = inputs[0].Shape;
        // Without pixels the sums are empty, yet they exist.
        var shape = new SplitShape(features, op.Radix);
        if (inputs[0].Spec.ElementCount == 0)
        {
            var sums = outputs[1].Floats;
            Queue.Enqueue("memory.clear", stream => sums.MemSetToZero(stream));
            return;
        }

        Queue.Launch(
            Kernel, Queue.OverWarps((long)shape.Images * shape.Channels.Divisor),
            new AttentionViews(inputs[0].Floats, inputs[1].Floats, inputs[2].Floats), outputs[0].Floats, outputs[1].Floats, shape);
    }
}
