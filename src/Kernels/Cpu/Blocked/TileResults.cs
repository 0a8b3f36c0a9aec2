using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ResNeSt.Kernels.Cpu;

/// <summary>What the register tiles of AVX-512 have in common: what they fetch, and what happens to a sum on its way to memory.</summary>
internal static unsafe class TileResults
{
    // Blocks of input channels lie far apart, so the processor does not foresee them: their pixels are fetched two blocks ahead, behind the last
    // block those of the next tile.
    private const int Ahead = 2;

    /// <summary>Fetches what will be added: it comes from the third-level cache, or farther, while the sums are computed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchResidual(ConvTileArguments* arguments, int vectors, int pixels)
    {
        if (!Sse.IsSupported)
            return;
        for (int vector = 0; vector < vectors; vector++)
        {
            float* add = arguments->Residual + vector * arguments->ResidualSecondVector;
            for (int pixel = 0; pixel < pixels; pixel++)
                Sse.Prefetch0(add + Place(pixel, arguments->Split, arguments->ResidualGap));
        }
    }

    /// <summary>Fetches the pixels of the block after the next one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchSource(ConvTileArguments* arguments, float* source, nint block, int pixels, int pixelStep = BlockedLayout.Block)
    {
        if (!Sse.IsSupported)
            return;
        float* ahead = block + Ahead < arguments->Blocks
            ? source + Ahead * arguments->BlockStep
            : arguments->Source + pixels * pixelStep + (block + Ahead - arguments->Blocks) * arguments->BlockStep;
        for (int pixel = 0; pixel < pixels; pixel++)
            Sse.Prefetch0(ahead + pixel * pixelStep);
    }

    /// <summary>Adds the residual, limits, and stores.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Finish(
        Vector512<float> sum, bool adds, float* residual, bool clamps, Vector512<float> low, Vector512<float> high, float* target)
    {
        if (adds)
            sum += Vector512.Load(residual);
        if (clamps)
            sum = Avx512F.Min(high, Avx512F.Max(low, sum));
        sum.Store(target);
        return sum;
    }

    /// <summary>Where a pixel's result lies: one block of channels behind the last; those from the split on lie farther.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Place(int pixel, nint split, nint gap) => pixel * BlockedLayout.Block + (pixel >= split ? gap : 0);
}
