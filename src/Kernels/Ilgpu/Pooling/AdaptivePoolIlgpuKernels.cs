using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Extents of an adaptive pool.</summary>
internal readonly struct AdaptiveShape(Shape input, Shape output)
{
    public readonly FastDivisor Height = new(input[2]);
    public readonly FastDivisor Width = new(input[3]);
    public readonly FastDivisor Rows = new(output[2]);
    public readonly FastDivisor Columns = new(output[3]);

    /// <summary>First position of a bin.</summary>
    public static int From(int bin, FastDivisor bins, int extent) => bins.Divide(bin * extent);

    /// <summary>Position behind the last of a bin.</summary>
    public static int To(int bin, FastDivisor bins, int extent) => bins.Divide((bin + 1) * extent + bins.Divisor - 1);
}

/// <summary>Averages over bins that divide the image evenly.</summary>
/// <remarks>Mapping: one thread a bin, striding over the grid.</remarks>
internal sealed class AdaptiveAvgPool2dIlgpuKernel(GpuQueue queue) : IlgpuKernel<AdaptiveAvgPool2dOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, AdaptiveShape>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, AdaptiveShape>("adaptive-avg-pool", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> x, ArrayView<float> y, AdaptiveShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = y.IntLength;
        int height = shape.Height.Divisor, width = shape.Width.Divisor;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int line = shape.Columns.Divide(i);
            int plane = shape.Rows.Divide(line);
            int bin = line - plane * shape.Rows.Divisor, column = i - line * shape.Columns.Divisor;
            int top = AdaptiveShape.From(bin, shape.Rows, height), bottom = AdaptiveShape.To(bin, shape.Rows, height);
            int left = AdaptiveShape.From(column, shape.Columns, width), right = AdaptiveShape.To(column, shape.Columns, width);
            float sum = 0;
            for (int r = top; r < bottom; r++)
            {
                for (int c = left; c < right; c++)
                    sum += x[(plane * height + r) * width + c];
            }

            y[i] = sum / ((bottom - top) * (right - left));
        }
    }

    protected override bool Supports(AdaptiveAvgPool2dOp op, ReadOnlySpan<TensorSpec> inputs) =>
        base.Supports(op, inputs) && AdaptiveLimits.Fit(inputs[0].Shape, op.Height, op.Width);

    protected override void Run(AdaptiveAvgPool2dOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) => Queue.Launch(
        Kernel, Queue.Over(outputs[0].Spec.ElementCount, 1), inputs[0].Floats, outputs[0].Floats, new AdaptiveShape(inputs[0].Shape, outputs[0].Shape));
}

/// <summary>Gradient of the averages over bins: each element collects its share from the bins that cover it.</summary>
/// <remarks>Mapping: one thread an element of the input's gradient, striding over the grid; bins in ascending order, no atomics.</remarks>
internal sealed class AdaptiveAvgPool2dGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<AdaptiveAvgPool2dGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, AdaptiveShape>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, AdaptiveShape>("adaptive-avg-pool-grad", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> dy, ArrayView<float> dx, AdaptiveShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = dx.IntLength;
        int height = shape.Height.Divisor, width = shape.Width.Divisor;
        int rows = shape.Rows.Divisor, columns = shape.Columns.Divisor;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int line = shape.Width.Divide(i);
            int plane = shape.Height.Divide(line);
            int y = line - plane * height, x = i - line * width;
            float sum = 0;
            // The bins that cover y begin at the one with the first bin that ends behind it.
            for (int bin = shape.Height.Divide(y * rows); bin < rows && AdaptiveShape.From(bin, shape.Rows, height) <= y; bin++)
            {
                int top = AdaptiveShape.From(bin, shape.Rows, height), bottom = AdaptiveShape.To(bin, shape.Rows, height);
                for (int column = shape.Width.Divide(x * columns); column < columns && AdaptiveShape.From(column, shape.Columns, width) <= x; column++)
                {
                    int left = AdaptiveShape.From(column, shape.Columns, width), right = AdaptiveShape.To(column, shape.Columns, width);
                    sum += dy[(plane * rows + bin) * columns + column] / ((bottom - top) * (right - left));
                }
            }

            dx[i] = sum;
        }
    }

    protected override bool Supports(AdaptiveAvgPool2dGradOp op, ReadOnlySpan<TensorSpec> inputs) =>
        base.Supports(op, inputs) && AdaptiveLimits.Fit(inputs[0].Shape, op.InputHeight, op.InputWidth);

    protected override void Run(AdaptiveAvgPool2dGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) => Queue.Launch(
        Kernel, Queue.Over(outputs[0].Spec.ElementCount, 1), inputs[0].Floats, outputs[0].Floats, new AdaptiveShape(outputs[0].Shape, inputs[0].Shape));
}

/// <summary>Products of bins and positions must stay within 31 bits.</summary>
internal static class AdaptiveLimits
{
    public static bool Fit(Shape shape, int height, int width) => (shape[2] + 2L) * (height + 2L) < int.MaxValue && (shape[3] + 2L) * (width + 2L) < int.MaxValue;
}
