using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Transposes a small block: result[r · targetStride + c] = source[c · sourceStride + r].</summary>
internal static unsafe class TileTranspose
{
    /// <summary>Transposes <paramref name="width"/> source rows of <paramref name="height"/> elements.</summary>
    /// <param name="source">First source element.</param>
    /// <param name="sourceStride">Elements between source rows.</param>
    /// <param name="target">First result element.</param>
    /// <param name="targetStride">Elements between result rows.</param>
    /// <param name="width">Source rows, elements of a result row.</param>
    /// <param name="height">Elements of a source row, result rows.</param>
    /// <param name="size">Bytes of an element.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(byte* source, int sourceStride, byte* target, int targetStride, int width, int height, int size)
    {
        switch (size)
        {
            case 1:
                Scalar(source, sourceStride, target, targetStride, 0, width, 0, height);
                break;
            case 2:
                Scalar((ushort*)source, sourceStride, (ushort*)target, targetStride, 0, width, 0, height);
                break;
            case 4:
                Floats((float*)source, sourceStride, (float*)target, targetStride, width, height);
                break;
            default:
                Scalar((ulong*)source, sourceStride, (ulong*)target, targetStride, 0, width, 0, height);
                break;
        }
    }

    private static void Floats(float* source, int sourceStride, float* target, int targetStride, int width, int height)
    {
        int wide = 0, high = 0;
        if (Avx.IsSupported)
        {
            wide = width & ~7;
            high = height & ~7;
            for (int c = 0; c < wide; c += 8)
            {
                for (int r = 0; r < high; r += 8)
                    Eight(source + (long)c * sourceStride + r, sourceStride, target + (long)r * targetStride + c, targetStride);
            }
        }

        Scalar(source, sourceStride, target, targetStride, wide, width, 0, high);
        Scalar(source, sourceStride, target, targetStride, 0, width, high, height);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scalar<T>(T* source, int sourceStride, T* target, int targetStride, int fromColumn, int toColumn, int fromRow, int toRow)
        where T : unmanaged
    {
        for (int r = fromRow; r < toRow; r++)
        {
            for (int c = fromColumn; c < toColumn; c++)
                target[(long)r * targetStride + c] = source[(long)c * sourceStride + r];
        }
    }

    /// <summary>Eight by eight in registers: interleave pairs of rows, then pairs of pairs, then exchange the 128-bit halves.</summary>
    private static void Eight(float* source, long sourceStride, float* target, long targetStride)
    {
        var (r0, r1) = (Vector256.Load(source), Vector256.Load(source + sourceStride));
        var (r2, r3) = (Vector256.Load(source + 2 * sourceStride), Vector256.Load(source + 3 * sourceStride));
        var (r4, r5) = (Vector256.Load(source + 4 * sourceStride), Vector256.Load(source + 5 * sourceStride));
        var (r6, r7) = (Vector256.Load(source + 6 * sourceStride), Vector256.Load(source + 7 * sourceStride));
        var (t0, t1) = (Avx.UnpackLow(r0, r1), Avx.UnpackHigh(r0, r1));
        var (t2, t3) = (Avx.UnpackLow(r2, r3), Avx.UnpackHigh(r2, r3));
        var (t4, t5) = (Avx.UnpackLow(r4, r5), Avx.UnpackHigh(r4, r5));
        var (t6, t7) = (Avx.UnpackLow(r6, r7), Avx.UnpackHigh(r6, r7));
        var (u0, u1) = (Avx.Shuffle(t0, t2, 0x44), Avx.Shuffle(t0, t2, 0xEE));
        var (u2, u3) = (Avx.Shuffle(t1, t3, 0x44), Avx.Shuffle(t1, t3, 0xEE));
        var (u4, u5) = (Avx.Shuffle(t4, t6, 0x44), Avx.Shuffle(t4, t6, 0xEE));
        var (u6, u7) = (Avx.Shuffle(t5, t7, 0x44), Avx.Shuffle(t5, t7, 0xEE));
        Avx.Permute2x128(u0, u4, 0x20).Store(target);
        Avx.Permute2x128(u1, u5, 0x20).Store(target + targetStride);
        Avx.Permute2x128(u2, u6, 0x20).Store(target + 2 * targetStride);
        Avx.Permute2x128(u3, u7, 0x20).Store(target + 3 * targetStride);
        Avx.Permute2x128(u0, u4, 0x31).Store(target + 4 * targetStride);
        Avx.Permute2x128(u1, u5, 0x31).Store(target + 5 * targetStride);
        Avx.Permute2x128(u2, u6, 0x31).Store(target + 6 * targetStride);
        Avx.Permute2x128(u3, u7, 0x31).Store(target + 7 * targetStride);
    }
}
