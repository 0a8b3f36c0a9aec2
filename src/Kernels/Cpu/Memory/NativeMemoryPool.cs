using System.Runtime.InteropServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Keeps freed blocks of native memory by size and hands them out again: a forward pass asks for the same sizes every time.</summary>
/// <remarks>Sizes are rounded up to an eighth of their power of two, so that at most an eighth is wasted and similar sizes meet.
/// Fresh pages cost a page fault and a clearing by the kernel; a kept block costs neither.</remarks>
internal sealed unsafe class NativeMemoryPool
{
    /// <summary>Blocks begin at multiples of a cache line, which is also the widest vector.</summary>
    public const int Alignment = 64;

    private readonly Dictionary<long, Stack<nint>> _free = [];
    private readonly Lock _gate = new();

    ~NativeMemoryPool() => Trim();

    /// <summary>A block of at least <paramref name="byteLength"/> bytes, uninitialised.</summary>
    public void* Rent(long byteLength)
    {
        long size = RoundUp(byteLength);
        lock (_gate)
        {
            if (_free.TryGetValue(size, out var blocks) && blocks.TryPop(out nint block))
                return (void*)block;
        }

        try
        {
            return NativeMemory.AlignedAlloc((nuint)size, Alignment);
        }
        catch (OutOfMemoryException)
        {
            // What is cached in other sizes may be just what is missing.
            Trim();
            return NativeMemory.AlignedAlloc((nuint)size, Alignment);
        }
    }

    /// <summary>Takes a block back.</summary>
    public void Return(void* block, long byteLength)
    {
        long size = RoundUp(byteLength);
        lock (_gate)
        {
            if (!_free.TryGetValue(size, out var blocks))
                _free.Add(size, blocks = new Stack<nint>());
            blocks.Push((nint)block);
        }
    }

    /// <summary>Frees every cached block.</summary>
    public void Trim()
    {
        lock (_gate)
        {
            foreach (var blocks in _free.Values)
            {
                while (blocks.TryPop(out nint block))
                    NativeMemory.AlignedFree((void*)block);
            }

            _free.Clear();
        }
    }

    private static long RoundUp(long byteLength)
    {
        long size = Math.Max(byteLength, Alignment);
        long step = Math.Max(Alignment, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)size) / 8);
        return (size + step - 1) / step * step;
    }
}
