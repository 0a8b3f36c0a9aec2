using System.Runtime.InteropServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Working memory of the current thread, kept from call to call: packed panels and staged image rows.</summary>
internal sealed unsafe class ThreadScratch
{
    [ThreadStatic]
    private static ThreadScratch? _current;

    private readonly nint[] _blocks = new nint[Enum.GetValues<Use>().Length];
    private readonly long[] _lengths = new long[Enum.GetValues<Use>().Length];

    private ThreadScratch()
    {
    }

    ~ThreadScratch()
    {
        foreach (nint block in _blocks)
            NativeMemory.AlignedFree((void*)block);
    }

    /// <summary>What a block is used for; different uses never share memory.</summary>
    public enum Use
    {
        /// <summary>Panels of a right operand.</summary>
        Panels,

        /// <summary>Image rows with their padding.</summary>
        Stage,

        /// <summary>Rows of a left operand.</summary>
        Rows,

        /// <summary>Blocked or planar activations that a convolution makes from its input.</summary>
        ConvInput,

        /// <summary>Weights of a panel, widened to F32.</summary>
        ConvWeights,

        /// <summary>Results of a convolution before they are put in their places.</summary>
        ConvOutput,
    }

    /// <summary>At least <paramref name="count"/> floats, aligned to a cache line. A call for the same use on this thread that asks for no more than the largest
    /// one before it returns the same memory with what was written there; any other call returns new memory, uninitialised, and frees the old.</summary>
    /// <remarks>So a piece of work finds what the one before it on its thread left, if nothing else ran in between: see <see cref="WorkerPool"/>.</remarks>
    public static float* Floats(Use use, long count)
    {
        var scratch = _current ??= new ThreadScratch();
        ref nint block = ref scratch._blocks[(int)use];
        ref long length = ref scratch._lengths[(int)use];
        if (length < count)
        {
            NativeMemory.AlignedFree((void*)block);
            (block, length) = (0, 0);
            block = (nint)NativeMemory.AlignedAlloc((nuint)(count * sizeof(float)), NativeMemoryPool.Alignment);
            length = count;
        }

        return (float*)block;
    }
}
