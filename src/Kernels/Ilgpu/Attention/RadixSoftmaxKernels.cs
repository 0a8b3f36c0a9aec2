using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Channels [N, R·C] seen as [K, R, members] before and [R, K, members] after the r-softmax.</summary>
internal readonly struct RadixShape(Shape shape, int radix, int cardinality)
{
    public readonly int Lines = shape[0] * (shape[1] / radix);
    public readonly int Radix = radix;
    public readonly FastDivisor Channels = new(Math.Max(1, shape[1] / radix));
    public readonly FastDivisor Members = new(Math.Max(1, shape[1] / (radix * cardinality)));

    /// <summary>First logit of output channel <paramref name="line"/> = n · C + k · members + j; its splits follow at distances of Members.</summary>
    public int CardinalityMajor(int line)
    {
        int n = Channels.Divide(line);
        int channel = line - n * Channels.Divisor;
        int k = Members.Divide(channel);
        return n * Radix * Channels.Divisor + k * Radix * Members.Divisor + channel - k * Members.Divisor;
    }

    /// <summary>First weight of output channel <paramref name="line"/>; its splits follow at distances of Channels.</summary>
    public int RadixMajor(int line)
    {
        int n = Channels.Divide(line);
        return line + n * (Radix - 1) * Channels.Divisor;
    }
}

/// <summary>Softmax over the splits, with the change from cardinality-major to radix-major order; a sigmoid at radix one.</summary>
/// <remarks>Mapping: one thread a channel; it walks its R values three times through the caches. 8 bytes a value.</remarks>
internal sealed class RadixSoftmaxIlgpuKernel(GpuQueue queue) : IlgpuKernel<RadixSoftmaxOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, RadixShape>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, RadixShape>("radix-softmax", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> logits, ArrayView<float> y, RadixShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int line = Grid.GlobalIndex.X; line < shape.Lines; line += stride)
        {
            int from = shape.CardinalityMajor(line), to = shape.RadixMajor(line);
            if (shape.Radix == 1)
                y[to] = GpuMath.Sigmoid(logits[from]);
            else
            {
                int apart = shape.Members.Divisor;
                float max = logits[from];
                for (int split = 1; split < shape.Radix; split++)
                    max = MaxReduction.Combine(max, logits[from + split * apart]);
                float sum = 0;
                for (int split = 0; split < shape.Radix; split++)
                    sum += GpuMath.Exp(logits[from + split * apart] - max);
                for (int split = 0; split < shape.Radix; split++)
                    y[to + split * shape.Channels.Divisor] = GpuMath.Exp(logits[from + split * apart] - max) / sum;
            }
        }
    }

    protected override void Run(RadixSoftmaxOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = new RadixShape(inputs[0].Shape, op.Radix, op.Cardinality);
        Queue.Launch(Kernel, Queue.Over(shape.Lines, 1), inputs[0].Floats, outputs[0].Floats, shape);
    }
}

/// <summary>Gradient of the r-softmax from its output: dz_r = a_r · (g_r - Σ_q a_q · g_q), in the order of the logits.</summary>
/// <remarks>Mapping: one thread a channel. 12 bytes a value.</remarks>
internal sealed class RadixSoftmaxGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<RadixSoftmaxGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, RadixShape>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, ArrayView<float>, RadixShape>("radix-softmax-grad", GpuQueue.MaxGroup, Body);

    public static void Body(ArrayView<float> y, ArrayView<float> dy, ArrayView<float> dx, RadixShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int line = Grid.GlobalIndex.X; line < shape.Lines; line += stride)
        {
            int to = shape.CardinalityMajor(line), from = shape.RadixMajor(line);
            if (shape.Radix == 1)
                dx[to] = y[from] * (1 - y[from]) * dy[from];
            else
            {
                int apart = shape.Channels.Divisor;
                float sum = 0;
                for (int split = 0; split < shape.Radix; split++)
                    sum += y[from + split * apart] * dy[from + split * apart];
                for (int split = 0; split < shape.Radix; split++)
                    dx[to + split * shape.Members.Divisor] = y[from + split * apart] * (dy[from + split * apart] - sum);
            }
        }
    }

    protected override void Run(RadixSoftmaxGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = new RadixShape(inputs[0].Shape, op.Radix, op.Cardinality);
        Queue.Launch(Kernel, Queue.Over(shape.Lines, 1), inputs[0].Floats, inputs[1].Floats, outputs[0].Floats, shape);
    }
}
