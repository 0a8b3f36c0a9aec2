using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The innermost loop of Winograd convolutions for AVX-512: at one position of the transformed tiles, some tiles times one to three blocks of
/// output channels, kept in registers over all input channels.</summary>
/// <remarks>A step loads the weights of one input channel and multiplies them with that channel of each tile: with 14 tiles and two vectors
/// 28 multiply-adds for 16 loads, with nine and three 27 for 12, in 31 of 32 registers. Numbers are types of that size: the compiler makes a method of each shape and never sees
/// what lies behind its last tile. Written with vectors and not with <see cref="Lanes512"/>, behind which the compiler spills sums to the stack.</remarks>
/// <typeparam name="TTiles">Tiles, at most 14, or nine with three vectors.</typeparam>
/// <typeparam name="TVectors">Vectors of output channels, one to three.</typeparam>
internal static unsafe class WinogradTile512<TTiles, TVectors>
    where TTiles : unmanaged
    where TVectors : unmanaged
{
    /// <summary>m[tile, output] = Σ_c v[c, tile] · u[c, output].</summary>
    /// <param name="v">Inputs at this position, [block][tile][16 channels]; here the first channel of the first tile.</param>
    /// <param name="blockStep">Floats from one block of channels to the next.</param>
    /// <param name="lanes">Channels from the first one to the end of its block.</param>
    /// <param name="channels">Input channels.</param>
    /// <param name="u">Weights at this position, channel after channel.</param>
    /// <param name="uStep">Floats from one channel to the next.</param>
    /// <param name="m">Results of the first tile, vector after vector.</param>
    /// <param name="tileStep">Floats from one tile to the next.</param>
    /// <param name="next">Weights that will be read soon: fetched to the second-level cache.</param>
    /// <param name="nextStep">Floats of them for each step, at most a line.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* v, nint blockStep, nint lanes, nint channels, float* u, nint uStep, float* m, nint tileStep, float* next, nint nextStep)
    {
        Vector512<float> c0 = Vector512<float>.Zero, d0 = c0, e0 = c0;
        Vector512<float> c1 = c0, d1 = c0, e1 = c0;
        Vector512<float> c2 = c0, d2 = c0, e2 = c0;
        Vector512<float> c3 = c0, d3 = c0, e3 = c0;
        Vector512<float> c4 = c0, d4 = c0, e4 = c0;
        Vector512<float> c5 = c0, d5 = c0, e5 = c0;
        Vector512<float> c6 = c0, d6 = c0, e6 = c0;
        Vector512<float> c7 = c0, d7 = c0, e7 = c0;
        Vector512<float> c8 = c0, d8 = c0, e8 = c0;
        Vector512<float> c9 = c0, d9 = c0;
        Vector512<float> c10 = c0, d10 = c0;
        Vector512<float> c11 = c0, d11 = c0;
        Vector512<float> c12 = c0, d12 = c0;
        Vector512<float> c13 = c0, d13 = c0;
        while (true)
        {
            nint count = Math.Min(lanes, channels);
            float* end = v + count;
            do
            {
                var a = Vector512.Load(u);
                var b = sizeof(TVectors) > 1 ? Vector512.Load(u + Vector512<float>.Count) : a;
                var c = sizeof(TVectors) > 2 ? Vector512.Load(u + 2 * Vector512<float>.Count) : a;
                var x = Vector512.Create(v[0]);
                c0 = Avx512F.FusedMultiplyAdd(x, a, c0);
                if (sizeof(TVectors) > 1)
                    d0 = Avx512F.FusedMultiplyAdd(x, b, d0);
                if (sizeof(TVectors) > 2)
                    e0 = Avx512F.FusedMultiplyAdd(x, c, e0);
                if (sizeof(TTiles) > 1)
                {
                    x = Vector512.Create(v[BlockedLayout.Block]);
                    c1 = Avx512F.FusedMultiplyAdd(x, a, c1);
                    if (sizeof(TVectors) > 1)
                        d1 = Avx512F.FusedMultiplyAdd(x, b, d1);
                    if (sizeof(TVectors) > 2)
                        e1 = Avx512F.FusedMultiplyAdd(x, c, e1);
                }

                if (sizeof(TTiles) > 2)
                {
                    x = Vector512.Create(v[2 * BlockedLayout.Block]);
                    c2 = Avx512F.FusedMultiplyAdd(x, a, c2);
                    if (sizeof(TVectors) > 1)
                        d2 = Avx512F.FusedMultiplyAdd(x, b, d2);
                    if (sizeof(TVectors) > 2)
                        e2 = Avx512F.FusedMultiplyAdd(x, c, e2);
                }

                if (sizeof(TTiles) > 3)
                {
                    x = Vector512.Create(v[3 * BlockedLayout.Block]);
                    c3 = Avx512F.FusedMultiplyAdd(x, a, c3);
                    if (sizeof(TVectors) > 1)
                        d3 = Avx512F.FusedMultiplyAdd(x, b, d3);
                    if (sizeof(TVectors) > 2)
                        e3 = Avx512F.FusedMultiplyAdd(x, c, e3);
                }

                if (sizeof(TTiles) > 4)
                {
                    x = Vector512.Create(v[4 * BlockedLayout.Block]);
                    c4 = Avx512F.FusedMultiplyAdd(x, a, c4);
                    if (sizeof(TVectors) > 1)
                        d4 = Avx512F.FusedMultiplyAdd(x, b, d4);
                    if (sizeof(TVectors) > 2)
                        e4 = Avx512F.FusedMultiplyAdd(x, c, e4);
                }

                if (sizeof(TTiles) > 5)
                {
                    x = Vector512.Create(v[5 * BlockedLayout.Block]);
                    c5 = Avx512F.FusedMultiplyAdd(x, a, c5);
                    if (sizeof(TVectors) > 1)
                        d5 = Avx512F.FusedMultiplyAdd(x, b, d5);
                    if (sizeof(TVectors) > 2)
                        e5 = Avx512F.FusedMultiplyAdd(x, c, e5);
                }

                if (sizeof(TTiles) > 6)
                {
                    x = Vector512.Create(v[6 * BlockedLayout.Block]);
                    c6 = Avx512F.FusedMultiplyAdd(x, a, c6);
                    if (sizeof(TVectors) > 1)
                        d6 = Avx512F.FusedMultiplyAdd(x, b, d6);
                    if (sizeof(TVectors) > 2)
                        e6 = Avx512F.FusedMultiplyAdd(x, c, e6);
                }

                if (sizeof(TTiles) > 7)
                {
                    x = Vector512.Create(v[7 * BlockedLayout.Block]);
                    c7 = Avx512F.FusedMultiplyAdd(x, a, c7);
                    if (sizeof(TVectors) > 1)
                        d7 = Avx512F.FusedMultiplyAdd(x, b, d7);
                    if (sizeof(TVectors) > 2)
                        e7 = Avx512F.FusedMultiplyAdd(x, c, e7);
                }

                if (sizeof(TTiles) > 8)
                {
                    x = Vector512.Create(v[8 * BlockedLayout.Block]);
                    c8 = Avx512F.FusedMultiplyAdd(x, a, c8);
                    if (sizeof(TVectors) > 1)
                        d8 = Avx512F.FusedMultiplyAdd(x, b, d8);
                    if (sizeof(TVectors) > 2)
                        e8 = Avx512F.FusedMultiplyAdd(x, c, e8);
                }

                if (sizeof(TTiles) > 9)
                {
                    x = Vector512.Create(v[9 * BlockedLayout.Block]);
                    c9 = Avx512F.FusedMultiplyAdd(x, a, c9);
                    if (sizeof(TVectors) > 1)
                        d9 = Avx512F.FusedMultiplyAdd(x, b, d9);
                }

                if (sizeof(TTiles) > 10)
                {
                    x = Vector512.Create(v[10 * BlockedLayout.Block]);
                    c10 = Avx512F.FusedMultiplyAdd(x, a, c10);
                    if (sizeof(TVectors) > 1)
                        d10 = Avx512F.FusedMultiplyAdd(x, b, d10);
                }

                if (sizeof(TTiles) > 11)
                {
                    x = Vector512.Create(v[11 * BlockedLayout.Block]);
                    c11 = Avx512F.FusedMultiplyAdd(x, a, c11);
                    if (sizeof(TVectors) > 1)
                        d11 = Avx512F.FusedMultiplyAdd(x, b, d11);
                }

                if (sizeof(TTiles) > 12)
                {
                    x = Vector512.Create(v[12 * BlockedLayout.Block]);
                    c12 = Avx512F.FusedMultiplyAdd(x, a, c12);
                    if (sizeof(TVectors) > 1)
                        d12 = Avx512F.FusedMultiplyAdd(x, b, d12);
                }

                if (sizeof(TTiles) > 13)
                {
                    x = Vector512.Create(v[13 * BlockedLayout.Block]);
                    c13 = Avx512F.FusedMultiplyAdd(x, a, c13);
                    if (sizeof(TVectors) > 1)
                        d13 = Avx512F.FusedMultiplyAdd(x, b, d13);
                }

                if (Sse.IsSupported)
                {
                    Sse.Prefetch1(next);
                    next += nextStep;
                }

                u += uStep;
                v++;
            }
            while (v < end);
            channels -= count;
            if (channels == 0)
                break;
            v += blockStep - BlockedLayout.Block;
            lanes = BlockedLayout.Block;
        }

        c0.Store(m);
        if (sizeof(TVectors) > 1)
            d0.Store(m + Vector512<float>.Count);
        if (sizeof(TVectors) > 2)
            e0.Store(m + 2 * Vector512<float>.Count);
        if (sizeof(TTiles) > 1)
        {
            m += tileStep;
            c1.Store(m);
            if (sizeof(TVectors) > 1)
                d1.Store(m + Vector512<float>.Count);
            if (sizeof(TVectors) > 2)
                e1.Store(m + 2 * Vector512<float>.Count);
        }

        if (sizeof(TTiles) > 2)
        {
            m += tileStep;
            c2.Store(m);
            if (sizeof(TVectors) > 1)
                d2.Store(m + Vector512<float>.Count);
            if (sizeof(TVectors) > 2)
                e2.Store(m + 2 * Vector512<float>.Count);
        }

        if (sizeof(TTiles) > 3)
        {
            m += tileStep;
            c3.Store(m);
            if (sizeof(TVectors) > 1)
                d3.Store(m + Vector512<float>.Count);
            if (sizeof(TVectors) > 2)
                e3.Store(m + 2 * Vector512<float>.Count);
        }

        if (sizeof(TTiles) > 4)
        {
            m += tileStep;
            c4.Store(m);
            if (sizeof(TVectors) > 1)
                d4.Store(m + Vector512<float>.Count);
            if (sizeof(TVectors) > 2)
                e4.Store(m + 2 * Vector512<float>.Count);
        }

        if (sizeof(TTiles) > 5)
        {
            m += tileStep;
            c5.Store(m);
            if (sizeof(TVectors) > 1)
                d5.Store(m + Vector512<float>.Count);
            if (sizeof(TVectors) > 2)
                e5.Store(m + 2 * Vector512<float>.Count);
        }

        if (sizeof(TTiles) > 6)
        {
            m += tileStep;
            c6.Store(m);
            if (sizeof(TVectors) > 1)
                d6.Store(m + Vector512<float>.Count);
            if (sizeof(TVectors) > 2)
                e6.Store(m + 2 * Vector512<float>.Count);
        }

        if (sizeof(TTiles) > 7)
        {
            m += tileStep;
            c7.Store(m);
            if (sizeof(TVectors) > 1)
                d7.Store(m + Vector512<float>.Count);
            if (sizeof(TVectors) > 2)
                e7.Store(m + 2 * Vector512<float>.Count);
        }

        if (sizeof(TTiles) > 8)
        {
            m += tileStep;
            c8.Store(m);
            if (sizeof(TVectors) > 1)
                d8.Store(m + Vector512<float>.Count);
            if (sizeof(TVectors) > 2)
                e8.Store(m + 2 * Vector512<float>.Count);
        }

        if (sizeof(TTiles) > 9)
        {
            m += tileStep;
            c9.Store(m);
            if (sizeof(TVectors) > 1)
                d9.Store(m + Vector512<float>.Count);
        }

        if (sizeof(TTiles) > 10)
        {
            m += tileStep;
            c10.Store(m);
            if (sizeof(TVectors) > 1)
                d10.Store(m + Vector512<float>.Count);
        }

        if (sizeof(TTiles) > 11)
        {
            m += tileStep;
            c11.Store(m);
            if (sizeof(TVectors) > 1)
                d11.Store(m + Vector512<float>.Count);
        }

        if (sizeof(TTiles) > 12)
        {
            m += tileStep;
            c12.Store(m);
            if (sizeof(TVectors) > 1)
                d12.Store(m + Vector512<float>.Count);
        }

        if (sizeof(TTiles) > 13)
        {
            m += tileStep;
            c13.Store(m);
            if (sizeof(TVectors) > 1)
                d13.Store(m + Vector512<float>.Count);
        }
    }
}
