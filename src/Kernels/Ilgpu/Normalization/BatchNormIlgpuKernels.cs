using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;
using Parameters = ResNeSt.Kernels.Ilgpu.BatchNormKernels.ChannelParameters;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Batch norm with the batch's own statistics: three launches, two reads and one write of the data.</summary>
internal sealed class BatchNormTrainIlgpuKernel(GpuQueue queue) : IlgpuKernel<BatchNormTrainOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [BatchNormKernels.PartMoments, BatchNormKernels.Statistics, BatchNormKernels.Normalize];

    protected override void Run(BatchNormTrainOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        var (x, weight, bias) = (inputs[0], inputs[1], inputs[2]);
        var (y, mean, variance) = (outputs[0], outputs[1], outputs[2]);
        var shape = new ChannelShape(x.Shape);
        int items = shape.Channels * shape.Parts;
        using var workspace = new Workspace(Queue, items * 3L);
        var parts = workspace.Floats.Cast<Moments>();
        Queue.Launch(BatchNormKernels.PartMoments, Queue.OverWarps(items), x.Floats, parts, shape);
        Queue.Launch(BatchNormKernels.Statistics, Queue.Over(shape.Channels, 1), parts, mean.Floats, variance.Floats, shape);
        Queue.Launch(
            BatchNormKernels.Normalize, Queue.Over(y.Spec.ElementCount, 4), x.Floats, y.Floats,
            new Parameters(weight.Floats, bias.Floats, mean.Floats, variance.Floats, op.Epsilon), shape);
    }
}

/// <summary>Gradients of batch norm with the batch's own statistics.</summary>
internal sealed class BatchNormTrainGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<BatchNormTrainGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => BatchNormGradients.Kernels;

    protected override void Run(BatchNormTrainGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        BatchNormGradients.Launch(Queue, op.Epsilon, inputs, outputs, throughStatistics: true);
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
        BatchNormGradients.Launch(Queue, op.Epsilon, inputs, outputs, throughStatistics: false);
}

/// <summary>Both gradients: they differ in whether the statistics depend on the input.</summary>
internal static class BatchNormGradients
{
    public static IEnumerable<GpuKernel> Kernels => [BatchNormKernels.GradSums, BatchNormKernels.ParameterGrads, BatchNormKernels.InputGrad];

    /// <summary>Inputs x, weight, mean, variance, dy; outputs dx, dweight, dbias.</summary>
    public static void Launch(GpuQueue queue, double epsilon, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, bool throughStatistics)
    {
        var (x, weight, mean, variance, dy) = (inputs[0].Floats, inputs[1].Floats, inputs[2].Floats, inputs[3].Floats, inputs[4].Floats);
        var (dx, dWeight, dBias) = (outputs[0].Floats, outputs[1].Floats, outputs[2].Floats);
        var shape = new ChannelShape(inputs[0].Shape);
        var parameters = new Parameters(weight, weight, mean, variance, epsilon);
        int items = shape.Channels * shape.Parts;
        using var parts = new Workspace(queue, items * 2L);
        queue.Launch(BatchNormKernels.GradSums, queue.OverWarps(items), x, dy, parts.Floats, parameters, shape);
        queue.Launch(BatchNormKernels.ParameterGrads, queue.Over(shape.Channels, 1), parts.Floats, dWeight, dBias, shape);
        float share = throughStatistics ? 1f / shape.Values : 0;
        if (dx.Length > 0)
            queue.Launch(BatchNormKernels.InputGrad, queue.Over(dx.Length, 1), x, dy, dx, parameters, new BatchNormKernels.ChannelGrads(dWeight, dBias, share), shape);
    }
}
