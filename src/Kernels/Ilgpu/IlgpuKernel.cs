using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Base of this backend's kernels: they take tensors of F32; the engine converts F16 and BF16 around them.</summary>
/// <typeparam name="TOp">The operator.</typeparam>
internal abstract class IlgpuKernel<TOp>(GpuQueue queue) : Kernel<TOp>, ILaunchesGpuKernels
    where TOp : Op
{
    /// <inheritdoc/>
    public abstract IEnumerable<GpuKernel> GpuKernels { get; }

    /// <summary>The device.</summary>
    protected GpuQueue Queue { get; } = queue;

    /// <inheritdoc/>
    public override void Launch(Op op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        if (!Queue.IsProfiled)
        {
            base.Launch(op, inputs, outputs);
            return;
        }

        var specs = new TensorSpec[inputs.Length];
        for (int i = 0; i < specs.Length; i++)
            specs[i] = inputs[i].Spec;
        using var call = Queue.Attribute(op.Cost(specs));
        base.Launch(op, inputs, outputs);
    }

    /// <inheritdoc/>
    protected override bool Supports(TOp op, ReadOnlySpan<TensorSpec> inputs)
    {
        foreach (var input in inputs)
        {
            if (input.DType != DType.F32)
                return false;
        }

        return true;
    }
}

/// <summary>Knows which GPU kernels it may launch.</summary>
internal interface ILaunchesGpuKernels
{
    /// <summary>The operator.</summary>
    Type OpType { get; }

    /// <summary>Every kernel that some input may need, each once.</summary>
    IEnumerable<GpuKernel> GpuKernels { get; }
}
