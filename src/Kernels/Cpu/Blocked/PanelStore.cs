using System.Runtime.InteropServices;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Packed weights in native memory, in large pages where the system lends them: F32, or F16 or BF16, which are widened panel by panel when they
/// are used. What <see cref="CacheFlush"/> reads in the place of other weights lies in one too.</summary>
internal sealed unsafe class PanelStore : IDisposable
{
    private readonly DType _type;
    private void* _memory;

    /// <param name="type">F32, F16 or BF16.</param>
    /// <param name="count">Number of weights.</param>
    public PanelStore(DType type, long count)
    {
        _type = type;
        ByteLength = count * type.ByteSize;
        _memory = HugePages.Allocate(ByteLength);
    }

    ~PanelStore() => Free();

    /// <summary>Size in bytes.</summary>
    public long ByteLength { get; }

    /// <summary>Memory for weights that are about to be written: their own place, or memory of this thread for <see cref="Write"/> to round them from.</summary>
    public float* Prepare(long offset, int count) =>
        _type == DType.F32 ? (float*)_memory + offset : ThreadScratch.Floats(ThreadScratch.Use.Stage, count);

    /// <summary>Rounds and stores the weights that were written where <see cref="Prepare"/> said.</summary>
    public void Write(long offset, float* prepared, int count)
    {
        if (_type == DType.F16)
            HalfConversion.FromSingle(prepared, (ushort*)_memory + offset, count);
        else if (_type != DType.F32)
            BrainConversion.FromSingle(prepared, (ushort*)_memory + offset, count);
    }

    /// <summary>Weights as F32: in place, or widened into memory of this thread that lasts until its next call.</summary>
    public float* Read(long offset, int count)
    {
        if (_type == DType.F32)
            return (float*)_memory + offset;
        float* widened = ThreadScratch.Floats(ThreadScratch.Use.ConvWeights, count);
        if (_type == DType.F16)
            HalfConversion.ToSingle((ushort*)_memory + offset, widened, count);
        else
            BrainConversion.ToSingle((ushort*)_memory + offset, widened, count);
        return widened;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
