using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>target = (1 - w) · target + w · source in one pass.</summary>
internal sealed unsafe class AssignLerpCpuKernel : Kernel<AssignLerpOp>
{
    protected override bool Supports(AssignLerpOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(AssignLerpOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        float* target = inputs[0].Floats, source = inputs[1].Floats;
        var lerp = new LerpOperator((float)(1 - op.Weight), (float)op.Weight);
        ParallelRows.ForRanges(inputs[0].Spec.ElementCount, ElementwiseLoops.Grain, (from, to) =>
            ElementwiseLoops.Binary(lerp, target + from, 1, source + from, 1, target + from, to - from));
    }

    private readonly struct LerpOperator(float keep, float weight) : IBinaryOperator
    {
        public TLanes Apply<TLanes>(TLanes a, TLanes b)
            where TLanes : struct, ILanes<TLanes> =>
            TLanes.MultiplyAdd(a, TLanes.Broadcast(keep), b * TLanes.Broadcast(weight));
    }
}
