using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Convolution.</summary>
internal sealed class Conv2dIlgpuKernel(GpuQueue queue) : IlgpuKernel<Conv2dOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => ConvolutionLauncher.ForwardKernels;

    protected override void Run(Conv2dOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        new ConvolutionLauncher(Queue).Forward(op.Geometry, inputs[0], inputs[1], inputs.Length == 3 ? inputs[2] : null, outputs[0]);
}

/// <summary>Gradient of a convolution with respect to its input.</summary>
internal sealed class Conv2dInputGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<Conv2dInputGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => ConvolutionLauncher.InputGradKernels;

    protected override void Run(Conv2dInputGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        new ConvolutionLauncher(Queue).InputGrad(op.Geometry, inputs[0], inputs[1], outputs[0]);
}

/// <summary>Gradient of a convolution with respect to its weights.</summary>
internal sealed class Conv2dWeightGradIlgpuKernel(GpuQueue queue) : IlgpuKernel<Conv2dWeightGradOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => ConvolutionLauncher.WeightGradKernels;

    protected override void Run(Conv2dWeightGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        new ConvolutionLauncher(Queue).WeightGrad(op.Geometry, inputs[0], inputs[1], outputs[0]);
}
