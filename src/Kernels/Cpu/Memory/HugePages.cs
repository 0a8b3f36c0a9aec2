using System.Runtime.InteropServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Large pages for memory that stays: fewer page faults while it is filled, fewer misses of the address cache whenever it is read.</summary>
/// <remarks>A wish: where the system has no such pages, does not lend them or is not Linux, everything works with small ones.</remarks>
internal static unsafe class HugePages
{
    private const int Size = 2 << 20;
    private const int Wish = 14;

    /// <summary>Uninitialised memory, to be freed by <see cref="NativeMemory.AlignedFree"/>.</summary>
    /// <param name="byteLength">Its size.</param>
    public static void* Allocate(long byteLength)
    {
        if (byteLength < Size || !OperatingSystem.IsLinux())
            return NativeMemory.AlignedAlloc((nuint)Math.Max(byteLength, 1), NativeMemoryPool.Alignment);
        void* memory = NativeMemory.AlignedAlloc((nuint)byteLength, Size);
        try
        {
            // Whole pages only: the rest of the last one would be memory that nobody uses.
            _ = Advise(memory, (nuint)(byteLength / Size * Size), Wish);
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            // A C library of another name.
        }

        return memory;
    }

    [DllImport("libc", EntryPoint = "madvise")]
    private static extern int Advise(void* address, nuint length, int advice);
}
