using ILGPU;
using ILGPU.Runtime;
using ILGPU.Util;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>How an average divides.</summary>
/// <param name="countPadding">Count the padding that a window covers.</param>
/// <param name="divisorOverride">A fixed divisor, or zero.</param>
internal readonly struct AverageRule(bool countPadding, int divisorOverride)
{
    private readonly int _countPadding = countPadding ? 1 : 0;
    private readonly int _override = divisorOverride;

    /// <summary>The divisor of the window whose first row and column are given.</summary>
    public float Divisor(PoolShape shape, int top, int left)
    {
        if (_override != 0)
            return _override;
        int bottom = IntrinsicMath.Min(top + shape.KernelH, shape.Height + shape.PadBottom);
        int right = IntrinsicMath.Min(left + shape.KernelW, shape.Width + shape.PadRight);
        if (_countPadding != 0)
            return (bottom - top) * (right - left);
        int rows = IntrinsicMath.Min(bottom, shape.Height) - IntrinsicMath.Max(top, 0);
        int columns = IntrinsicMath.Min(right, shape.Width) - IntrinsicMath.Max(left, 0);
        return rows * columns;
    }
}

/// <summary>Average of each window.</summary>
/// <remarks>Mapping: one thread an output, striding over the grid; overlapping windows meet in the caches. Bound by memory.</remarks>
internal sealed class AvgPool2dIlgpuKernel(GpuQueue queue) : IlgpuKernel<AvgPool2dOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, PoolShape, AverageRule>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, PoolShape, AverageRule>("avg-pool", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> x, ArrayView<float> y, PoolShape shape, AverageRule rule)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = y.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int line = shape.OutputWidth.Divide(i);
            int plane = shape.OutputHeight.Divide(line);
            int top = (line - plane * shape.OutputHeight.Divisor) * shape.StrideH - shape.PadTop;
            int left = (i - line * shape.OutputWidth.Divisor) * shape.StrideW - shape.PadLeft;
            int first = plane * shape.Height * shape.Width;
            int bottom = IntrinsicMath.Min(top + shape.KernelH, shape.Height);
            int right = IntrinsicMath.Min(left + shape.KernelW, shape.Width);
            float sum = 0;
            for (int row = IntrinsicMath.Max(top, 0); row < bottom; row++)
            {
                for (int column = IntrinsicMath.Max(left, 0); column < right; column++)
                    sum += x[first + row * shape.Width + column];
            }

            y[i] = sum / rule.Divisor(shape, top, left);
        }
    }

    protected override void Run(AvgPool2dOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) => Queue.Launch(
        Kernel, Queue.Over(outputs[0].Spec.ElementCount, 1), inputs[0].Floats, outputs[0].Floats,
        new PoolShape(op.Geometry, inputs[0].Shape, outputs[0].Shape), new AverageRule(op.CountPadding, op.DivisorOverride));
}

/// <summary>Gradient of the averages: each element collects its share from every window that covers it.</summary>
/// <remarks>Mapping: one thread an element of the input's gradient, striding over the grid; windows in ascending order, no atomics.</remarks>
internal sealed class AvgPool2dGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<AvgPool2dGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, PoolShape, AverageRule>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, PoolShape, AverageRule>("avg-pool-grad", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> dy, ArrayView<float> dx, PoolShape shape, AverageRule rule)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = dx.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int line = shape.InputWidth.Divide(i);
            int plane = shape.InputHeight.Divide(line);
            int row = line - plane * shape.Height + shape.PadTop;
            int column = i - line * shape.Width + shape.PadLeft;
            // Window o covers rows o · stride to o · stride + kernel - 1 of the padded image.
            int firstRow = FirstWindow(row, shape.KernelH, shape.StrideH);
            int firstColumn = FirstWindow(column, shape.KernelW, shape.StrideW);
            int lastRow = IntrinsicMath.Min(row / shape.StrideH, shape.OutputHeight.Divisor - 1);
            int lastColumn = IntrinsicMath.Min(column / shape.StrideW, shape.OutputWidth.Divisor - 1);
            float sum = 0;
            for (int y = firstRow; y <= lastRow; y++)
            {
                for (int x = firstColumn; x <= lastColumn; x++)
                {
                    float divisor = rule.Divisor(shape, y * shape.StrideH - shape.PadTop, x * shape.StrideW - shape.PadLeft);
                    sum += dy[(plane * shape.OutputHeight.Divisor + y) * shape.OutputWidth.Divisor + x] / divisor;
                }
            }

            dx[i] = sum;
        }
    }

    protected override void Run(AvgPool2dGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) => Queue.Launch(
        Kernel, Queue.Over(outputs[0].Spec.ElementCount, 1), inputs[0].Floats, outputs[0].Floats,
        new PoolShape(op.Geometry, outputs[0].Shape, inputs[0].Shape), new AverageRule(op.CountPadding, op.DivisorOverride));

    private static int FirstWindow(int position, int kernel, int stride) =>
        Utilities.Select(position < kernel, 0, (position - kernel + stride) / stride);
}
