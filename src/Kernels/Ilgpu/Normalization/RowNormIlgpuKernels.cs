using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Group norm: the channels of a group lie together, so that each group of each sample is a row.</summary>
internal sealed class GroupNormIlgpuKernel(GpuQueue queue) : IlgpuKernel<GroupNormOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => RowNormKernel.Kernels;

    protected override void Run(GroupNormOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = inputs[0].Shape;
        int plane = shape.Product(2, shape.Rank), channels = shape[1] / op.Groups;
        RowNormKernel.Launch(Queue, op.Epsilon, inputs, outputs[0], new RowShape(shape[0] * op.Groups, channels * plane, plane, op.Groups));
    }
}

/// <summary>Layer norm: the normalised axes are the last ones, so that each place of the others is a row.</summary>
internal sealed class LayerNormIlgpuKernel(GpuQueue queue) : IlgpuKernel<LayerNormOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => RowNormKernel.Kernels;

    protected override void Run(LayerNormOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var shape = inputs[0].Shape;
        int first = shape.Rank - op.NormalizedAxes;
        RowNormKernel.Launch(Queue, op.Epsilon, inputs, outputs[0], new RowShape(shape.Product(0, first), shape.Product(first, shape.Rank), 1, 1));
    }
}

/// <summary>Rows that are normalised each by itself, and which weight an element has.</summary>
/// <param name="rows">Number of rows.</param>
/// <param name="length">Elements of a row.</param>
/// <param name="shared">Neighbouring elements that share a weight.</param>
/// <param name="period">Rows after which the weights begin again.</param>
internal readonly struct RowShape(int rows, int length, int shared, int period)
{
    public readonly int Rows = rows;
    public readonly FastDivisor Length = new(Math.Max(1, length));
    public readonly FastDivisor Shared = new(Math.Max(1, shared));
    public readonly FastDivisor Weights = new(Math.Max(1, length * period / Math.Max(1, shared)));
}

/// <summary>Rows normalised by their own mean and variance: the statistics of batch norm with a row in a channel's place, then one pass over the elements.</summary>
internal static class RowNormKernel
{
    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, RowParameters, RowShape>> Normalize =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, RowParameters, RowShape>("row-norm.normalize", GpuQueue.MaxGroup, Body);

    /// <summary>All launches.</summary>
    public static IEnumerable<GpuKernel> Kernels => [BatchNormKernels.PartMoments, BatchNormKernels.Statistics, Normalize];

    /// <summary>A mean and a variance for each row, and for each place of the weights a factor and a summand, if there are any.</summary>
    internal readonly struct RowParameters(
        ArrayView<float> mean, ArrayView<float> variance, ArrayView<float> weight, ArrayView<float> bias, int count, double epsilon)
    {
        public readonly ArrayView<float> Mean = mean;
        public readonly ArrayView<float> Variance = variance;
        public readonly ArrayView<float> Weight = weight;
        public readonly ArrayView<float> Bias = bias;
        public readonly float Epsilon = (float)epsilon;

        /// <summary>How many of weight and bias there are.</summary>
        public readonly int Count = count;
    }

    /// <summary>Inputs x and optionally weight, then bias.</summary>
    public static void Launch(GpuQueue queue, double epsilon, ReadOnlySpan<Tensor> inputs, Tensor output, RowShape shape)
    {
        var (x, y) = (inputs[0].Floats, output.Floats);
        using var statistics = new Workspace(queue, 2L * shape.Rows);
        ArrayView<float> mean = statistics.Floats.SubView(0, shape.Rows), variance = statistics.Floats.SubView(shape.Rows, shape.Rows);
        BatchNormForward.Statistics(queue, x, mean, variance, new ChannelShape([1, shape.Rows, shape.Length.Divisor]));
        var parameters = new RowParameters(
            mean, variance, inputs.Length > 1 ? inputs[1].Floats : x, inputs.Length > 2 ? inputs[2].Floats : x, inputs.Length - 1, epsilon);
        queue.Launch(Normalize, queue.Over(y.Length, 1), x, y, parameters, shape);
    }

    /// <summary>Mapping: one thread an element, striding over the grid; 8 bytes an element, the parameters come from the caches.</summary>
    public static void Body(ArrayView<float> x, ArrayView<float> y, RowParameters parameters, RowShape shape)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = y.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int row = shape.Length.Divide(i);
            int line = shape.Shared.Divide(i);
            int place = line - shape.Weights.Divide(line) * shape.Weights.Divisor;
            float value = (x[i] - parameters.Mean[row]) * (1 / MathF.Sqrt(parameters.Variance[row] + parameters.Epsilon));
            if (parameters.Count > 0)
                value *= parameters.Weight[place];
            if (parameters.Count > 1)
                value += parameters.Bias[place];
            y[i] = value;
        }
    }
}
