using System.Runtime.InteropServices;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.ThirdPartyBackend;

/// <summary>y = scale · x + shift for F32, and counts its launches; other types fall through to the kernel behind it.</summary>
public sealed class CountingAffineKernel : Kernel<AffineOp>
{
    /// <summary>How often it ran.</summary>
    public static int Launches { get; private set; }

    /// <inheritdoc/>
    protected override bool Supports(AffineOp op, ReadOnlySpan<TensorSpec> inputs) => inputs[0].DType == DType.F32;

    /// <inheritdoc/>
    protected override void Run(AffineOp op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        Launches++;
        var x = MemoryMarshal.Cast<byte, float>(inputs[0].Storage.HostBytes);
        var y = MemoryMarshal.Cast<byte, float>(outputs[0].Storage.HostBytes);
        for (int i = 0; i < outputs[0].Spec.ElementCount; i++)
            y[i] = (float)op.Scale * x[i] + (float)op.Shift;
    }
}
