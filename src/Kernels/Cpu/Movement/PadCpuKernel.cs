using System.Runtime.InteropServices;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>More (or fewer) positions along one axis, for any element type: the input's own positions in one copy per outer position,
/// those around it one by one.</summary>
internal sealed unsafe class PadCpuKernel : Kernel<PadOp>
{
    protected override bool Supports(PadOp op, ReadOnlySpan<TensorSpec> inputs) => true;

    protected override void Run(PadOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        byte* x = inputs[0].Bytes, y = outputs[0].Bytes;
        var shape = inputs[0].Shape;
        int extent = shape[op.Axis], padded = outputs[0].Shape[op.Axis];
        int inner = shape.Product(op.Axis + 1, shape.Rank);
        int size = inputs[0].DType.ByteSize;
        long position = (long)inner * size;
        // Positions of the result that show the input's own.
        int from = Math.Clamp(op.Before, 0, padded);
        int to = Math.Clamp(op.Before + extent, from, padded);
        ulong value = Bits(op.Value, inputs[0].DType);
        int grain = (int)Math.Max(1, ElementwiseLoops.Grain * sizeof(float) / (padded * position));
        ParallelRows.ForRanges(shape.Product(0, op.Axis), grain, (first, end) =>
        {
            for (long n = first; n < end; n++)
            {
                byte* source = x + n * extent * position, destination = y + n * padded * position;
                for (int p = 0; p < from; p++)
                    Outside(source, destination, p);
                NativeMemory.Copy(source + (from - op.Before) * position, destination + from * position, (nuint)((to - from) * position));
                for (int p = to; p < padded; p++)
                    Outside(source, destination, p);
            }
        });

        void Outside(byte* source, byte* destination, int p)
        {
            int seen = PadOp.Source(op.Mode, p - op.Before, extent);
            if (seen >= 0)
                NativeMemory.Copy(source + seen * position, destination + p * position, (nuint)position);
            else
                ElementFill.Run(destination + p * position, inner, size, value);
        }
    }

    /// <summary>A value as an element of a type, in the lowest bytes.</summary>
    private static ulong Bits(double value, DType dtype)
    {
        ulong bits = 0;
        ElementConversion.FromDoubles([value], dtype, new Span<byte>(&bits, dtype.ByteSize));
        return bits;
    }
}
