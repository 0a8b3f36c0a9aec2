using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A step of gradient descent in one pass: 20 bytes per parameter.</summary>
internal sealed unsafe class SgdStepCpuKernel : Kernel<SgdStepOp>
{
    protected override bool Supports(SgdStepOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(SgdStepOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        float* parameter = inputs[0].Floats, buffer = inputs[1].Floats, gradient = inputs[2].Floats;
        ParallelRows.ForRanges(inputs[0].Spec.ElementCount, ElementwiseLoops.Grain, (from, to) =>
        {
            int i = from;
            if (Vector512.IsHardwareAccelerated)
                Step<Lanes512>(op, parameter, buffer, gradient, ref i, to);
            if (Vector256.IsHardwareAccelerated)
                Step<Lanes256>(op, parameter, buffer, gradient, ref i, to);
            if (Vector128.IsHardwareAccelerated)
                Step<Lanes128>(op, parameter, buffer, gradient, ref i, to);
            Step<Lane>(op, parameter, buffer, gradient, ref i, to);
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Step<TLanes>(SgdStepOp op, float* parameter, float* buffer, float* gradient, ref int i, int end)
        where TLanes : struct, ILanes<TLanes>
    {
        var rate = TLanes.Broadcast((float)-op.LearningRate);
        var momentum = TLanes.Broadcast((float)op.Momentum);
        var decay = TLanes.Broadcast((float)op.WeightDecay);
        for (; i <= end - TLanes.Count; i += TLanes.Count)
        {
            var p = TLanes.Load(parameter + i);
            var g = TLanes.MultiplyAdd(p, decay, TLanes.Load(gradient + i));
            var b = TLanes.MultiplyAdd(TLanes.Load(buffer + i), momentum, g);
            b.Store(buffer + i);
            var step = op.Nesterov ? TLanes.MultiplyAdd(b, momentum, g) : b;
            TLanes.MultiplyAdd(step, rate, p).Store(parameter + i);
        }
    }
}
