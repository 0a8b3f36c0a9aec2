using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Moves a tensor toward another: running statistics, moving averages.</summary>
internal sealed class AssignLerpIlgpuKernel(GpuQueue queue) : IlgpuKernel<AssignLerpOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [BinaryKernel<Interpolation>.Same];

    protected override void Run(AssignLerpOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        BinaryKernel<Interpolation>.Launch(Queue, inputs[0], inputs[1], outputs[0], new Interpolation((float)(1 - op.Weight), (float)op.Weight));
}

/// <summary>One step of stochastic gradient descent with momentum.</summary>
/// <remarks>Mapping: one thread an element, striding over the grid. Traffic: 20 bytes an element (three read, two written); bound by memory.</remarks>
internal sealed class SgdStepIlgpuKernel(GpuQueue queue) : IlgpuKernel<SgdStepOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, Settings>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, ArrayView<float>, Settings>("sgd-step", GpuQueue.MaxGroup, Body);

    /// <summary>The op's attributes.</summary>
    internal readonly struct Settings(SgdStepOp op)
    {
        public readonly float LearningRate = (float)op.LearningRate;
        public readonly float Momentum = (float)op.Momentum;
        public readonly float WeightDecay = (float)op.WeightDecay;
        public readonly int Nesterov = op.Nesterov ? 1 : 0;
    }

    public static void Body(ArrayView<float> parameter, ArrayView<float> momentum, ArrayView<float> gradient, Settings settings)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = parameter.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            float value = parameter[i];
            float slope = gradient[i] + value * settings.WeightDecay;
            float buffer = momentum[i] * settings.Momentum + slope;
            momentum[i] = buffer;
            float step = settings.Nesterov != 0 ? slope + buffer * settings.Momentum : buffer;
            parameter[i] = value - step * settings.LearningRate;
        }
    }

    protected override void Run(SgdStepOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) =>
        Queue.Launch(Kernel, Queue.Over(inputs[0].Spec.ElementCount, 1), inputs[0].Floats, inputs[1].Floats, inputs[2].Floats, new Settings(op));
}
