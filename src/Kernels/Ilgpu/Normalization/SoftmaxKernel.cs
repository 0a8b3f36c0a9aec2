using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Extents of an operation along one axis: [outer, extent, inner].</summary>
internal readonly struct AxisShape(Shape shape, int axis)
{
    public readonly int Lines = shape.Product(0, axis) * shape.Product(axis + 1, shape.Rank);
    public readonly int Extent = shape[axis];
    public readonly FastDivisor Inner = new(Math.Max(1, shape.Product(axis + 1, shape.Rank)));

    /// <summary>Offset of a line's first element; the others follow at distances of Inner.</summary>
    public int First(int line)
    {
        int outer = Inner.Divide(line);
        return outer * Extent * Inner.Divisor + line - outer * Inner.Divisor;
    }
}

/// <summary>Softmax, its logarithm, and their gradients.</summary>
/// <remarks>Mapping: one warp a line; lanes take elements in turn and combine by shuffles, so a line is read from memory once and twice more
/// from the caches. Along an inner axis the reads of a warp are apart; such softmaxes are small here.</remarks>
internal static class SoftmaxKernel
{
    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, AxisShape, int>> Forward =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, AxisShape, int>("softmax", GpuQueue.MaxGroup, ForwardBody);

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, AxisShape, int>> Grad =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, ArrayView<float>, AxisShape, int>("softmax-grad", GpuQueue.MaxGroup, GradBody);

    public static void ForwardBody(ArrayView<float> x, ArrayView<float> y, AxisShape shape, int logarithm)
    {
        int warpsPerGroup = Group.DimX / Warp.WarpSize;
        int step = shape.Inner.Divisor;
        for (int line = Grid.IdxX * warpsPerGroup + Group.IdxX / Warp.WarpSize; line < shape.Lines; line += Grid.DimX * warpsPerGroup)
        {
            int first = shape.First(line);
            float max = float.NegativeInfinity;
            for (int i = Warp.LaneIdx; i < shape.Extent; i += Warp.WarpSize)
                max = MaxReduction.Combine(max, x[first + i * step]);
            max = GroupReduction.CombineWarp<MaxReduction>(max);
            float sum = 0;
            for (int i = Warp.LaneIdx; i < shape.Extent; i += Warp.WarpSize)
                sum += GpuMath.Exp(x[first + i * step] - max);
            sum = GroupReduction.CombineWarp<SumReduction>(sum);
            float logSum = GpuMath.Log(sum);
            for (int i = Warp.LaneIdx; i < shape.Extent; i += Warp.WarpSize)
            {
                float shifted = x[first + i * step] - max;
                y[first + i * step] = logarithm != 0 ? shifted - logSum : GpuMath.Exp(shifted) / sum;
            }
        }
    }

    /// <summary>From the output y: softmax dx = y · (dy - Σ y · dy); logarithm dx = dy - e^y · Σ dy.</summary>
    public static void GradBody(ArrayView<float> y, ArrayView<float> dy, ArrayView<float> dx, AxisShape shape, int logarithm)
    {
        int warpsPerGroup = Group.DimX / Warp.WarpSize;
        int step = shape.Inner.Divisor;
        for (int line = Grid.IdxX * warpsPerGroup + Group.IdxX / Warp.WarpSize; line < shape.Lines; line += Grid.DimX * warpsPerGroup)
        {
            int first = shape.First(line);
            float sum = 0;
            for (int i = Warp.LaneIdx; i < shape.Extent; i += Warp.WarpSize)
            {
                float gradient = dy[first + i * step];
                sum += logarithm != 0 ? gradient : gradient * y[first + i * step];
            }

            sum = GroupReduction.CombineWarp<SumReduction>(sum);
            for (int i = Warp.LaneIdx; i < shape.Extent; i += Warp.WarpSize)
            {
                float value = y[first + i * step], gradient = dy[first + i * step];
                dx[first + i * step] = logarithm != 0 ? gradient - GpuMath.Exp(value) * sum : value * (gradient - sum);
            }
        }
    }
}

/// <summary>Softmax along an axis.</summary>
internal sealed class SoftmaxIlgpuKernel(GpuQueue queue) : IlgpuKernel<SoftmaxOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [SoftmaxKernel.Forward];

    protected override void Run(SoftmaxOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = new AxisShape(inputs[0].Shape, op.Axis);
        Queue.Launch(SoftmaxKernel.Forward, Queue.OverWarps(shape.Lines), inputs[0].Floats, outputs[0].Floats, shape, 0);
    }
}

/// <summary>Logarithm of the softmax along an axis.</summary>
internal sealed class LogSoftmaxIlgpuKernel(GpuQueue queue) : IlgpuKernel<LogSoftmaxOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [SoftmaxKernel.Forward];

    protected override void Run(LogSoftmaxOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = new AxisShape(inputs[0].Shape, op.Axis);
        Queue.Launch(SoftmaxKernel.Forward, Queue.OverWarps(shape.Lines), inputs[0].Floats, outputs[0].Floats, shape, 1);
    }
}

/// <summary>Gradient of the softmax from its output.</summary>
internal sealed class SoftmaxGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<SoftmaxGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [SoftmaxKernel.Grad];

    protected override void Run(SoftmaxGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = new AxisShape(inputs[0].Shape, op.Axis);
        Queue.Launch(SoftmaxKernel.Grad, Queue.OverWarps(shape.Lines), inputs[0].Floats, inputs[1].Floats, outputs[0].Floats, shape, 0);
    }
}

/// <summary>Gradient of the log-softmax from its output.</summary>
internal sealed class LogSoftmaxGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<LogSoftmaxGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [SoftmaxKernel.Grad];

    protected override void Run(LogSoftmaxGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = new AxisShape(inputs[0].Shape, op.Axis);
        Queue.Launch(SoftmaxKernel.Grad, Queue.OverWarps(shape.Lines), inputs[0].Floats, inputs[1].Floats, outputs[0].Floats, shape, 1);
    }
}
