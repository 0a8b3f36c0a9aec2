using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A step of Adam in one pass: 28 bytes per parameter.</summary>
internal sealed unsafe class AdamWStepCpuKernel : Kernel<AdamWStepOp>
{
    protected override bool Supports(AdamWStepOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(AdamWStepOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        float* parameter = inputs[0].Floats, first = inputs[1].Floats, second = inputs[2].Floats, gradient = inputs[3].Floats;
        ParallelRows.ForRanges(inputs[0].Spec.ElementCount, ElementwiseLoops.Grain, (from, to) =>
        {
            int i = from;
            if (Vector512.IsHardwareAccelerated)
                Step<Lanes512>(op, parameter, first, second, gradient, ref i, to);
            if (Vector256.IsHardwareAccelerated)
                Step<Lanes256>(op, parameter, first, second, gradient, ref i, to);
            if (Vector128.IsHardwareAccelerated)
                Step<Lanes128>(op, parameter, first, second, gradient, ref i, to);
            Step<Lane>(op, parameter, first, second, gradient, ref i, to);
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Step<TLanes>(AdamWStepOp op, float* parameter, float* first, float* second, float* gradient, ref int i, int end)
        where TLanes : struct, ILanes<TLanes>
    {
        var rate = TLanes.Broadcast((float)-op.CorrectedRate);
        var root = TLanes.Broadcast((float)op.RootCorrection);
        var epsilon = TLanes.Broadcast((float)op.Epsilon);
        var keep = TLanes.Broadcast((float)(1 - op.LearningRate * op.WeightDecay));
        TLanes keep1 = TLanes.Broadcast((float)op.Beta1), add1 = TLanes.Broadcast((float)(1 - op.Beta1));
        TLanes keep2 = TLanes.Broadcast((float)op.Beta2), add2 = TLanes.Broadcast((float)(1 - op.Beta2));
        for (; i <= end - TLanes.Count; i += TLanes.Count)
        {
            var g = TLanes.Load(gradient + i);
            var m = TLanes.MultiplyAdd(TLanes.Load(first + i), keep1, g * add1);
            var v = TLanes.MultiplyAdd(TLanes.Load(second + i), keep2, g * g * add2);
            m.Store(first + i);
            v.Store(second + i);
            var step = m / TLanes.MultiplyAdd(TLanes.Sqrt(v), root, epsilon);
            TLanes.MultiplyAdd(step, rate, TLanes.Load(parameter + i) * keep).Store(parameter + i);
        }
    }
}
