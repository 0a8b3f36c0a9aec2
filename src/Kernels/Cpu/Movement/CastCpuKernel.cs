using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Conversion between all element types. The pairs that matter have loops of their own; the others go through doubles.</summary>
internal sealed unsafe class CastCpuKernel : Kernel<CastOp>
{
    private const int Block = 512;

    protected override bool Supports(CastOp op, ReadOnlySpan<TensorSpec> inputs) => true;

    protected override void Run(CastOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        byte* x = inputs[0].Bytes, y = outputs[0].Bytes;
        var (from, to) = (inputs[0].DType, op.DType);
        ParallelRows.ForRanges(outputs[0].Spec.ElementCount, ElementwiseLoops.Grain, (first, end) =>
            Convert(x + (long)first * from.ByteSize, from, y + (long)first * to.ByteSize, to, end - first));
    }

    private static void Convert(byte* x, DType from, byte* y, DType to, int count)
    {
        switch (from, to)
        {
            case (DType.F32, DType.BF16):
                BrainConversion.FromSingle((float*)x, (ushort*)y, count);
                break;
            case (DType.BF16, DType.F32):
                BrainConversion.ToSingle((ushort*)x, (float*)y, count);
                break;
            case (DType.F32, DType.F16):
                HalfConversion.FromSingle((float*)x, (ushort*)y, count);
                break;
            case (DType.F16, DType.F32):
                HalfConversion.ToSingle((ushort*)x, (float*)y, count);
                break;
            case (DType.U8, DType.F32):
                BytesToSingle(x, (float*)y, count);
                break;
            default:
                if (from == to)
                    NativeMemory.Copy(x, y, (nuint)count * (nuint)from.ByteSize);
                else
                    ThroughDoubles(x, from, y, to, count);
                break;
        }
    }

    /// <summary>Pixels to numbers: the first step of every picture.</summary>
    private static void BytesToSingle(byte* x, float* y, int count)
    {
        int i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            for (; i <= count - 16; i += 16)
            {
                var (low, high) = Vector128.Widen(Vector128.Load(x + i));
                Vector256.ConvertToSingle(Vector256.WidenLower(low.ToVector256Unsafe()).AsInt32()).Store(y + i);
                Vector256.ConvertToSingle(Vector256.WidenLower(high.ToVector256Unsafe()).AsInt32()).Store(y + i + 8);
            }
        }

        for (; i < count; i++)
            y[i] = x[i];
    }

    private static void ThroughDoubles(byte* x, DType from, byte* y, DType to, int count)
    {
        Span<double> block = stackalloc double[Block];
        for (int i = 0; i < count; i += Block)
        {
            int length = Math.Min(Block, count - i);
            ElementConversion.ToDoubles(new ReadOnlySpan<byte>(x + (long)i * from.ByteSize, length * from.ByteSize), from, block);
            ElementConversion.FromDoubles(block[..length], to, new Span<byte>(y + (long)i * to.ByteSize, length * to.ByteSize));
        }
    }
}
