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

/// <summary>One step of Adam with decoupled weight decay.</summary>
/// <remarks>Mapping: one thread an element, striding over the grid. Traffic: 28 bytes an element (four read, three written); bound by memory.</remarks>
internal sealed class AdamWStepIlgpuKernel(GpuQueue queue) : IlgpuKernel<AdamWStepOp>(queue)
{
    public override IEnumerable<GpuKernel> GpuKernels => [Kernel];

    public static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, Settings>> Kernel =
        GpuKernel.Define<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, Settings>("adam-w-step", GpuQueue.MaxGroup, Body);

    /// <summary>The op's attributes. Complements are taken in double: 1 - 0.999 has few bits left in F32. The correction of the second moment's root
    /// is divided out of the quotient m / (√v · correction + ε).</summary>
    internal readonly struct Settings(AdamWStepOp op)
    {
        public readonly float Keep1 = (float)op.Beta1;
        public readonly float Add1 = (float)(1 - op.Beta1);
        public readonly float Keep2 = (float)op.Beta2;
        public readonly float Add2 = (float)(1 - op.Beta2);
        public readonly float Epsilon = (float)(op.Epsilon / op.RootCorrection);
        public readonly float Rate = (float)(op.CorrectedRate / op.RootCorrection);
        public readonly float Decay = (float)(1 - op.LearningRate * op.WeightDecay);
    }

    public static void Body(ArrayView<float> parameter, ArrayView<float> first, ArrayView<float> second, ArrayView<float> gradient, Settings settings)
    {
        int stride = Grid.DimX * Group.DimX;
        int count = parameter.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            float slope = gradient[i];
            float mean = first[i] * settings.Keep1 + slope * settings.Add1;
            float square = second[i] * settings.Keep2 + slope * slope * settings.Add2;
            first[i] = mean;
            second[i] = square;
            float step = mean / (MathF.Sqrt(square) + settings.Epsilon);
            parameter[i] = parameter[i] * settings.Decay - step * settings.Rate;
        }
    }

    protected override void Run(AdamWStepOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs) => Queue.Launch(
        Kernel, Queue.Over(inputs[0].Spec.ElementCount, 1), inputs[0].Floats, inputs[1].Floats, inputs[2].Floats, inputs[3].Floats, new Settings(op));
}
