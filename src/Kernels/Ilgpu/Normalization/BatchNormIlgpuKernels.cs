using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;
using Parameters = ResNeSt.Kernels.Ilgpu.BatchNormKernels.ChannelParameters;
using Upstream = ResNeSt.Kernels.Ilgpu.BatchNormKernels.Upstream;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Batch norm with the batch's own statistics.</summary>
internal sealed class BatchNormTrainIlgpuKernel(GpuQueue queue) : IlgpuKernel<BatchNormTrainOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => BatchNormForward.Kernels;

    protected override void Run(BatchNormTrainOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        BatchNormForward.Launch(Queue, op.Epsilon, inputs, outputs, rectified: false);
}

/// <summary>Batch norm with the batch's own statistics and a ReLU behind it: the same launches, so the ReLU costs no pass of its own.</summary>
internal sealed class BatchNormTrainReluIlgpuKernel(GpuQueue queue) : IlgpuKernel<BatchNormTrainReluOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => BatchNormForward.Kernels;

    protected override void Run(BatchNormTrainReluOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        BatchNormForward.Launch(Queue, op.Epsilon, inputs, outputs, rectified: true);
}

/// <summary>Gradients of batch norm with the batch's own statistics.</summary>
internal sealed class BatchNormTrainGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<BatchNormTrainGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => BatchNormGradients.Kernels;

    protected override void Run(BatchNormTrainGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        BatchNormGradients.Launch(Queue, op.Epsilon, inputs, outputs, throughStatistics: true, rectified: false);
}

/// <summary>Gradients of batch norm with the batch's own statistics and a ReLU behind it.</summary>
internal sealed class BatchNormTrainReluGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<BatchNormTrainReluGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => BatchNormGradients.Kernels;

    protected override void Run(BatchNormTrainReluGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        BatchNormGradients.Launch(Queue, op.Epsilon, inputs, outputs, throughStatistics: true, rectified: true);
}

/// <summary>Batch norm with given statistics.</summary>
internal sealed class BatchNormInferenceIlgpuKernel(GpuQueue queue) : IlgpuKernel<BatchNormInferenceOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [BatchNormKernels.Normalize];

    protected override void Run(BatchNormInferenceOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) => Queue.Launch(
        BatchNormKernels.Normalize, Queue.Over(outputs[0].Spec.ElementCount, 4), inputs[0].Floats, outputs[0].Floats,
        new Parameters(inputs[1].Floats, inputs[2].Floats, inputs[3].Floats, inputs[4].Floats, op.Epsilon), new ChannelShape(inputs[0].Shape));
}

/// <summary>Gradients of batch norm with given statistics.</summary>
internal sealed class BatchNormInferenceGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<BatchNormInferenceGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => BatchNormGradients.Kernels;

    protected override void Run(BatchNormInferenceGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        BatchNormGradients.Launch(Queue, op.Epsilon, inputs, outputs, throughStatistics: false, rectified: false);
}

/// <summary>The forward passes that take statistics: three launches, two reads and one write of the data.</summary>
internal static class BatchNormForward
{
    public static IEnumerable<GpuKernel> Kernels => [BatchNormKernels.PartMoments, BatchNormKernels.Statistics, BatchNormKernels.Normalize];

    /// <summary>Inputs x, weight, bias; outputs y, mean, variance.</summary>
    public static void Launch(GpuQueue queue, double epsilon, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, bool rectified)
    {
        var (x, weight, bias) = (inputs[0].Floats, inputs[1].Floats, inputs[2].Floats);
        var (y, mean, variance) = (outputs[0].Floats, outputs[1].Floats, outputs[2].Floats);
        var shape = new ChannelShape(inputs[0].Shape);
        Statistics(queue, x, mean, variance, shape);
        queue.Launch(BatchNormKernels.Normalize, queue.Over(y.Length, 4), x, y, new Parameters(weight, bias, mean, variance, epsilon, rectified), shape);
    }

    /// <summary>Mean and biased variance of each channel, in one read.</summary>
    public static void Statistics(GpuQueue queue, ArrayView<float> x, ArrayView<float> mean, ArrayView<float> variance, ChannelShape shape)
    {
        int items = shape.Channels * shape.Parts;
        using var workspace = new Workspace(queue, items * 3L);
        var parts = workspace.Floats.Cast<Moments>();
        queue.Launch(BatchNormKernels.PartMoments, queue.OverWarps(items), x, parts, shape);
        queue.Launch(BatchNormKernels.Statistics, queue.Over(shape.Channels, 1), parts, mean, variance, shape);
    }
}

/// <summary>The gradients: they differ in whether the statistics depend on the input, and in whether there is a ReLU.</summary>
internal static class BatchNormGradients
{
    public static IEnumerable<GpuKernel> Kernels => [BatchNormKernels.GradSums, BatchNormKernels.ParameterGrads, BatchNormKernels.InputGrad];

    /// <summary>Inputs x, weight, mean, variance, dy and, with a ReLU, y; outputs dx, dweight, dbias.</summary>
    public static void Launch(
        GpuQueue queue, double epsilon, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, bool throughStatistics, bool rectified)
    {
        var (x, weight, mean, variance, dy) = (inputs[0].Floats, inputs[1].Floats, inputs[2].Floats, inputs[3].Floats, inputs[4].Floats);
        var (dx, dWeight, dBias) = (outputs[0].Floats, outputs[1].Floats, outputs[2].Floats);
        var shape = new ChannelShape(inputs[0].Shape);
        var parameters = new Parameters(weight, weight, mean, variance, epsilon);
        var upstream = new Upstream(dy, rectified ? inputs[5].Floats : dy, rectified);
        int items = shape.Channels * shape.Parts;
        using var parts = new Workspace(queue, items * 2L);
        queue.Launch(BatchNormKernels.GradSums, queue.OverWarps(items), x, upstream, parts.Floats, parameters, shape);
        queue.Launch(BatchNormKernels.ParameterGrads, queue.Over(shape.Channels, 1), parts.Floats, dWeight, dBias, shape);
        float share = throughStatistics ? 1f / shape.Values : 0;
        if (dx.Length > 0)
            queue.Launch(BatchNormKernels.InputGrad, queue.Over(dx.Length, 1), x, upstream, dx, parameters, new BatchNormKernels.ChannelGrads(dWeight, dBias, share), shape);
    }
}
