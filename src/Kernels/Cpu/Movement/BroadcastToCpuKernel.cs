using System.Runtime.InteropServices;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Repetition along axes, for any element type: each row is a copy or a fill.</summary>
internal sealed unsafe class BroadcastToCpuKernel : Kernel<BroadcastToOp>
{
    protected override bool Supports(BroadcastToOp op, ReadOnlySpan<TensorSpec> inputs) => true;

    protected override void Run(BroadcastToOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        byte* x = inputs[0].Bytes, y = outputs[0].Bytes;
        int size = inputs[0].DType.ByteSize;
        var plan = new BroadcastPlan(op.Shape, inputs[0].Shape);
        bool repeats = plan.Step(0) == 0;
        plan.ForRows((offsets, result, count) =>
        {
            byte* source = x + (long)offsets[0] * size, destination = y + (long)result * size;
            if (repeats)
                ElementFill.Run(destination, count, size, ElementFill.Read(source, size));
            else
                NativeMemory.Copy(source, destination, (nuint)count * (nuint)size);
        });
    }
}
