using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A kernel on F32 inputs whose body is written once for all vector widths; the kernel table makes it for the widest one there is.</summary>
/// <typeparam name="TOp">The operator record.</typeparam>
/// <typeparam name="TLanes">The vectors.</typeparam>
internal abstract class LanesKernel<TOp, TLanes> : Kernel<TOp>
    where TOp : Op
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Elements of one chunk of work: waking a thread pays, and a chunk stays in the second-level cache.</summary>
    protected const int Grain = 32768;

    public override string Name => GetType().Name.Split('`')[0];

    protected override bool Supports(TOp op, ReadOnlySpan<TensorSpec> inputs)
    {
        foreach (var input in inputs)
        {
            if (input.DType != DType.F32)
                return false;
        }

        return true;
    }

    /// <summary>How many rows of some elements make a chunk.</summary>
    protected static int RowsPerChunk(long elementsPerRow) => (int)Math.Clamp(Grain / Math.Max(elementsPerRow, 1), 1, Grain);
}
