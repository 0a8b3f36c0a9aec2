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
