using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Choice between two operands by a third, with broadcasting; used in gradients only.</summary>
internal sealed unsafe class WhereCpuKernel : Kernel<WhereOp>
{
    protected override bool Supports(WhereOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(WhereOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        float* condition = inputs[0].Floats, a = inputs[1].Floats, b = inputs[2].Floats, y = outputs[0].Floats;
        var plan = new BroadcastPlan(outputs[0].Shape, inputs[0].Shape, inputs[1].Shape, inputs[2].Shape);
        int stepCondition = plan.Step(0), stepA = plan.Step(1), stepB = plan.Step(2);
        plan.ForRows((offsets, result, count) =>
        {
            float* c = condition + offsets[0], chosen = a + offsets[1], otherwise = b + offsets[2];
            for (int i = 0; i < count; i++)
                y[result + i] = c[i * stepCondition] != 0 ? chosen[i * stepA] : otherwise[i * stepB];
        });
    }
}
