using System.Runtime.InteropServices;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Sums the gradients of every place where an input position was seen, in ascending order of the places.</summary>
internal sealed unsafe class PadGradCpuKernel : Kernel<PadGradOp>
{
    protected override bool Supports(PadGradOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    protected override void Run(PadGradOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        float* dy = inputs[0].Floats, dx = outputs[0].Floats;
        var shape = outputs[0].Shape;
        int extent = shape[op.Axis], padded = inputs[0].Shape[op.Axis];
        int inner = shape.Product(op.Axis + 1, shape.Rank);
        long block = (long)Math.Max(extent, padded) * inner;
        ParallelRows.ForRanges(shape.Product(0, op.Axis), (int)Math.Max(1, ElementwiseLoops.Grain / block), (from, to) =>
        {
            for (long n = from; n < to; n++)
            {
                float* sums = dx + n * extent * inner;
                NativeMemory.Clear(sums, (nuint)extent * (nuint)inner * sizeof(float));
                for (int p = 0; p < padded; p++)
                {
                    float* seen = sums + (long)PadOp.Source(op.Mode, p - op.Before, extent) * inner;
                    ElementwiseLoops.Binary(default(AddOperator), seen, 1, dy + (n * padded + p) * inner, 1, seen, inner);
                }
            }
        });
    }
}
