using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>An operator on pairs of elements, with broadcasting. Bandwidth-bound: up to 12 bytes per element.</summary>
/// <typeparam name="TOp">The operator.</typeparam>
/// <typeparam name="TOperator">Its function.</typeparam>
internal sealed unsafe class BinaryCpuKernel<TOp, TOperator>(Func<TOp, TOperator> operatorOf) : Kernel<TOp>
    where TOp : Op
    where TOperator : struct, IBinaryOperator
{
    public override string Name => $"{typeof(TOperator).Name}CpuKernel";

    protected override bool Supports(TOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(TOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        float* a = inputs[0].Floats, b = inputs[1].Floats, y = outputs[0].Floats;
        var f = operatorOf(op);
        var plan = new BroadcastPlan(outputs[0].Shape, inputs[0].Shape, inputs[1].Shape);
        int stepA = plan.Step(0), stepB = plan.Step(1);
        plan.ForRows((offsets, result, count) =>
            ElementwiseLoops.Binary(f, a + offsets[0], stepA, b + offsets[1], stepB, y + result, count));
    }
}
