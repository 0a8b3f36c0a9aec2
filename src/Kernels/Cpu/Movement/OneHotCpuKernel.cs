using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Rows of zeros with a one at the class index, in any element type.</summary>
internal sealed unsafe class OneHotCpuKernel : Kernel<OneHotOp>
{
    protected override bool Supports(OneHotOp op, ReadOnlySpan<TensorSpec> inputs) => true;

    protected override void Run(OneHotOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        long* indices = (long*)inputs[0].Bytes;
        byte* y = outputs[0].Bytes;
        int size = op.DType.ByteSize;
        Span<byte> one = stackalloc byte[size];
        ElementConversion.FromDoubles([1.0], op.DType, one);
        outputs[0].Storage.HostBytes[..(int)outputs[0].Spec.ByteLength].Clear();
        for (int i = 0; i < inputs[0].Spec.ElementCount; i++)
        {
            if ((ulong)indices[i] < (ulong)op.Classes)
                one.CopyTo(new Span<byte>(y + ((long)i * op.Classes + indices[i]) * size, size));
        }
    }
}
