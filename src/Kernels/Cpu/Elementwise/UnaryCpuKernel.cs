using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>An operator that maps each element by itself. Bandwidth-bound: 8 bytes per element.</summary>
/// <typeparam name="TOp">The operator.</typeparam>
/// <typeparam name="TOperator">Its function.</typeparam>
internal sealed unsafe class UnaryCpuKernel<TOp, TOperator>(Func<TOp, TOperator> operatorOf) : Kernel<TOp>
    where TOp : Op
    where TOperator : struct, IUnaryOperator
{
    public override string Name => $"{typeof(TOperator).Name}CpuKernel";

    protected override bool Supports(TOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(TOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        float* x = inputs[0].Floats, y = outputs[0].Floats;
        var f = operatorOf(op);
        ParallelRows.ForRanges(outputs[0].Spec.ElementCount, ElementwiseLoops.Grain, (from, to) => ElementwiseLoops.Unary(f, x + from, y + from, to - from));
    }
}
