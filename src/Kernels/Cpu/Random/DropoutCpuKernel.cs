using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Dropout by counter: each element draws its own number, so any split among threads gives the same.</summary>
internal sealed unsafe class DropoutCpuKernel : Kernel<DropoutOp>
{
    protected override bool Supports(DropoutOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(DropoutOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        float* x = inputs[0].Floats, y = outputs[0].Floats;
        float factor = (float)(1 / (1 - op.P));
        ParallelRows.ForRanges(outputs[0].Spec.ElementCount, ElementwiseLoops.Grain, (from, to) =>
        {
            for (int i = from; i < to; i++)
            {
                // A mask instead of a branch, which no processor could predict.
                int kept = -Convert.ToInt32(Generator.UniformAt(op.Seed, (ulong)i) >= op.P);
                y[i] = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(x[i] * factor) & kept);
            }
        });
    }
}
