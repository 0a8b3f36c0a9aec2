using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace ResNeSt.Kernels.Cpu;

/// <summary>What the register tiles of AVX-512 have in common: what they fetch, and where results lie.</summary>
internal static unsafe class TilePixels
{
    /// <summary>Fetches pixels to the first-level cache: blocks of input channels lie far apart, so the processor does not foresee them, and residuals come from
    /// the third-level cache, or farther. An instruction for each line if both numbers are known to the compiler.</summary>
    /// <param name="first">The first pixel.</param>
    /// <param name="pixels">At most 14. Those of another row of results are taken for neighbours: few tiles lie in two rows with something between them.</param>
    /// <param name="step">Floats from one pixel to the next: a line, or less.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* first, int pixels, int step)
    {
        if (!Sse.IsSupported)
            return;
        int lines = step < BlockedLayout.Block ? (pixels * step + BlockedLayout.Block - 1) / BlockedLayout.Block : pixels;
        if (step < BlockedLayout.Block)
            step = BlockedLayout.Block;
        Sse.Prefetch0(first);
        if (lines > 1)
            Sse.Prefetch0(first + step);
        if (lines > 2)
            Sse.Prefetch0(first + 2 * step);
        if (lines > 3)
            Sse.Prefetch0(first + 3 * step);
        if (lines > 4)
            Sse.Prefetch0(first + 4 * step);
        if (lines > 5)
            Sse.Prefetch0(first + 5 * step);
        if (lines > 6)
            Sse.Prefetch0(first + 6 * step);
        if (lines > 7)
            Sse.Prefetch0(first + 7 * step);
        if (lines > 8)
            Sse.Prefetch0(first + 8 * step);
        if (lines > 9)
            Sse.Prefetch0(first + 9 * step);
        if (lines > 10)
            Sse.Prefetch0(first + 10 * step);
        if (lines > 11)
            Sse.Prefetch0(first + 11 * step);
        if (lines > 12)
            Sse.Prefetch0(first + 12 * step);
        if (lines > 13)
            Sse.Prefetch0(first + 13 * step);
    }

    /// <summary>Where a pixel's result lies: one block of channels behind the last; those from the split on lie farther.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Place(int pixel, nint split, nint gap) => pixel * BlockedLayout.Block + (pixel >= split ? gap : 0);
}
