using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The innermost loops of convolutions on blocked activations for AVX-512: up to 14 pixels times one or two blocks of output channels,
/// kept in registers over all taps and input channels.</summary>
/// <remarks>Each step loads the weights of one input channel and one tap, and multiplies them with that channel of each pixel. With 14 pixels and
/// two vectors that is 28 multiply-adds for 16 loads, and 31 of 32 registers. The numbers are types whose size is the number:
/// the compiler knows sizes while it reads the code, so it makes a method for each shape and never sees the lines behind its last pixel.
/// Written with vectors and not with <see cref="Lanes512"/>: behind the wrapper each second multiply-add costs a move between registers, 3 % of
/// the time on a core of one's own and up to 18 % beside a busy sibling thread. Largest and smallest as they stand keep NaN.</remarks>
/// <typeparam name="TWidth">Pixels of a row.</typeparam>
/// <typeparam name="TRows">Rows of pixels, one or two.</typeparam>
/// <typeparam name="TStep">Floats from one pixel to the next in the source.</typeparam>
/// <typeparam name="TVectors">Vectors of output channels, one or two.</typeparam>
internal static unsafe class ConvTile512<TWidth, TRows, TStep, TVectors>
    where TWidth : unmanaged
    where TRows : unmanaged
    where TStep : unmanaged
    where TVectors : unmanaged
{
    // Blocks of input channels lie far apart, so the processor does not foresee them: their pixels are fetched two blocks ahead, behind the last
    // block those of the next tile.
    private const int Ahead = 2;

    /// <summary>Computes and stores the tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(ConvTileArguments* arguments)
    {
        float* source = arguments->Source, w = arguments->Weights, next = arguments->Prefetch;
        nint secondRow = arguments->SecondRow;
        if (arguments->Residual != null && Sse.IsSupported)
        {
            // It comes from the third-level cache, or farther, while the sums are computed.
            for (nint i = 0; i < sizeof(TWidth) * BlockedLayout.Block; i += BlockedLayout.Block)
            {
                Sse.Prefetch0(arguments->Residual + i);
                if (sizeof(TVectors) == 2)
                    Sse.Prefetch0(arguments->Residual + arguments->ResidualSecondVector + i);
                if (sizeof(TRows) == 2)
                    Sse.Prefetch0(arguments->Residual + arguments->ResidualSecondRow + i);
                if (sizeof(TVectors) == 2 && sizeof(TRows) == 2)
                    Sse.Prefetch0(arguments->Residual + arguments->ResidualSecondVector + arguments->ResidualSecondRow + i);
            }
        }

        var c0a = arguments->Bias == null ? Vector512<float>.Zero : Vector512.Load(arguments->Bias);
        var c0b = sizeof(TVectors) == 1 || arguments->Bias == null ? Vector512<float>.Zero : Vector512.Load(arguments->Bias + Vector512<float>.Count);
        Vector512<float> c1a = c0a, c1b = c0b;
        Vector512<float> c2a = c0a, c2b = c0b;
        Vector512<float> c3a = c0a, c3b = c0b;
        Vector512<float> c4a = c0a, c4b = c0b;
        Vector512<float> c5a = c0a, c5b = c0b;
        Vector512<float> c6a = c0a, c6b = c0b;
        Vector512<float> c7a = c0a, c7b = c0b;
        Vector512<float> c8a = c0a, c8b = c0b;
        Vector512<float> c9a = c0a, c9b = c0b;
        Vector512<float> c10a = c0a, c10b = c0b;
        Vector512<float> c11a = c0a, c11b = c0b;
        Vector512<float> c12a = c0a, c12b = c0b;
        Vector512<float> c13a = c0a, c13b = c0b;
        for (nint block = 0; block < arguments->Blocks; block++)
        {
            nint from = block == 0 ? arguments->FirstLane : 0;
            nint count = (block == arguments->Blocks - 1 ? arguments->LastLanes : arguments->BlockLanes) - from;
            float* tapRow = source + from;
            float* ahead = block + Ahead < arguments->Blocks
                ? source + Ahead * arguments->BlockStep
                : arguments->Source + sizeof(TWidth) * sizeof(TStep) + (block + Ahead - arguments->Blocks) * arguments->BlockStep;
            for (nint r = arguments->TapRows; r > 0; r--)
            {
                float* tap = tapRow;
                for (nint t = arguments->Taps; t > 0; t--)
                {
                    float* x = tap;
                    float* y = tap + secondRow;
                    float* end = tap + count;
                    do
                    {
                        var wa = Vector512.Load(w);
                        var wb = sizeof(TVectors) == 2 ? Vector512.Load(w + Vector512<float>.Count) : wa;
                        var v = Pixel(x, y, 0);
                        c0a = Avx512F.FusedMultiplyAdd(v, wa, c0a);
                        if (sizeof(TVectors) == 2)
                            c0b = Avx512F.FusedMultiplyAdd(v, wb, c0b);
                        if (sizeof(TWidth) * sizeof(TRows) > 1)
                        {
                            v = Pixel(x, y, 1);
                            c1a = Avx512F.FusedMultiplyAdd(v, wa, c1a);
                            if (sizeof(TVectors) == 2)
                                c1b = Avx512F.FusedMultiplyAdd(v, wb, c1b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 2)
                        {
                            v = Pixel(x, y, 2);
                            c2a = Avx512F.FusedMultiplyAdd(v, wa, c2a);
                            if (sizeof(TVectors) == 2)
                                c2b = Avx512F.FusedMultiplyAdd(v, wb, c2b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 3)
                        {
                            v = Pixel(x, y, 3);
                            c3a = Avx512F.FusedMultiplyAdd(v, wa, c3a);
                            if (sizeof(TVectors) == 2)
                                c3b = Avx512F.FusedMultiplyAdd(v, wb, c3b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 4)
                        {
                            v = Pixel(x, y, 4);
                            c4a = Avx512F.FusedMultiplyAdd(v, wa, c4a);
                            if (sizeof(TVectors) == 2)
                                c4b = Avx512F.FusedMultiplyAdd(v, wb, c4b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 5)
                        {
                            v = Pixel(x, y, 5);
                            c5a = Avx512F.FusedMultiplyAdd(v, wa, c5a);
                            if (sizeof(TVectors) == 2)
                                c5b = Avx512F.FusedMultiplyAdd(v, wb, c5b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 6)
                        {
                            v = Pixel(x, y, 6);
                            c6a = Avx512F.FusedMultiplyAdd(v, wa, c6a);
                            if (sizeof(TVectors) == 2)
                                c6b = Avx512F.FusedMultiplyAdd(v, wb, c6b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 7)
                        {
                            v = Pixel(x, y, 7);
                            c7a = Avx512F.FusedMultiplyAdd(v, wa, c7a);
                            if (sizeof(TVectors) == 2)
                                c7b = Avx512F.FusedMultiplyAdd(v, wb, c7b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 8)
                        {
                            v = Pixel(x, y, 8);
                            c8a = Avx512F.FusedMultiplyAdd(v, wa, c8a);
                            if (sizeof(TVectors) == 2)
                                c8b = Avx512F.FusedMultiplyAdd(v, wb, c8b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 9)
                        {
                            v = Pixel(x, y, 9);
                            c9a = Avx512F.FusedMultiplyAdd(v, wa, c9a);
                            if (sizeof(TVectors) == 2)
                                c9b = Avx512F.FusedMultiplyAdd(v, wb, c9b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 10)
                        {
                            v = Pixel(x, y, 10);
                            c10a = Avx512F.FusedMultiplyAdd(v, wa, c10a);
                            if (sizeof(TVectors) == 2)
                                c10b = Avx512F.FusedMultiplyAdd(v, wb, c10b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 11)
                        {
                            v = Pixel(x, y, 11);
                            c11a = Avx512F.FusedMultiplyAdd(v, wa, c11a);
                            if (sizeof(TVectors) == 2)
                                c11b = Avx512F.FusedMultiplyAdd(v, wb, c11b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 12)
                        {
                            v = Pixel(x, y, 12);
                            c12a = Avx512F.FusedMultiplyAdd(v, wa, c12a);
                            if (sizeof(TVectors) == 2)
                                c12b = Avx512F.FusedMultiplyAdd(v, wb, c12b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 13)
                        {
                            v = Pixel(x, y, 13);
                            c13a = Avx512F.FusedMultiplyAdd(v, wa, c13a);
                            if (sizeof(TVectors) == 2)
                                c13b = Avx512F.FusedMultiplyAdd(v, wb, c13b);
                        }

                        // Two lines a step: two tiles fetch the weights that the tiles behind them will multiply with, and each tile its own pixels.
                        if (sizeof(TVectors) == 2 && Sse.IsSupported)
                        {
                            Sse.Prefetch1(next);
                            next += NativeMemoryPool.Alignment / sizeof(float);
                            Sse.Prefetch0(ahead);
                            ahead += sizeof(TStep);
                        }

                        w += sizeof(TVectors) * Vector512<float>.Count;
                        x++;
                        y++;
                    }
                    while (x < end);
                    tap += arguments->TapStep;
                }

                tapRow += arguments->TapRowStep;
            }

            source += arguments->BlockStep;
        }

        if (arguments->Residual != null)
        {
            float* one = arguments->Residual;
            float* two = one + arguments->ResidualSecondVector;
            nint row = arguments->ResidualSecondRow;
            c0a += Vector512.Load(one + Place(0, row));
            if (sizeof(TVectors) == 2)
                c0b += Vector512.Load(two + Place(0, row));
            if (sizeof(TWidth) * sizeof(TRows) > 1)
            {
                c1a += Vector512.Load(one + Place(1, row));
                if (sizeof(TVectors) == 2)
                    c1b += Vector512.Load(two + Place(1, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 2)
            {
                c2a += Vector512.Load(one + Place(2, row));
                if (sizeof(TVectors) == 2)
                    c2b += Vector512.Load(two + Place(2, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 3)
            {
                c3a += Vector512.Load(one + Place(3, row));
                if (sizeof(TVectors) == 2)
                    c3b += Vector512.Load(two + Place(3, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 4)
            {
                c4a += Vector512.Load(one + Place(4, row));
                if (sizeof(TVectors) == 2)
                    c4b += Vector512.Load(two + Place(4, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 5)
            {
                c5a += Vector512.Load(one + Place(5, row));
                if (sizeof(TVectors) == 2)
                    c5b += Vector512.Load(two + Place(5, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 6)
            {
                c6a += Vector512.Load(one + Place(6, row));
                if (sizeof(TVectors) == 2)
                    c6b += Vector512.Load(two + Place(6, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 7)
            {
                c7a += Vector512.Load(one + Place(7, row));
                if (sizeof(TVectors) == 2)
                    c7b += Vector512.Load(two + Place(7, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 8)
            {
                c8a += Vector512.Load(one + Place(8, row));
                if (sizeof(TVectors) == 2)
                    c8b += Vector512.Load(two + Place(8, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 9)
            {
                c9a += Vector512.Load(one + Place(9, row));
                if (sizeof(TVectors) == 2)
                    c9b += Vector512.Load(two + Place(9, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 10)
            {
                c10a += Vector512.Load(one + Place(10, row));
                if (sizeof(TVectors) == 2)
                    c10b += Vector512.Load(two + Place(10, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 11)
            {
                c11a += Vector512.Load(one + Place(11, row));
                if (sizeof(TVectors) == 2)
                    c11b += Vector512.Load(two + Place(11, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 12)
            {
                c12a += Vector512.Load(one + Place(12, row));
                if (sizeof(TVectors) == 2)
                    c12b += Vector512.Load(two + Place(12, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 13)
            {
                c13a += Vector512.Load(one + Place(13, row));
                if (sizeof(TVectors) == 2)
                    c13b += Vector512.Load(two + Place(13, row));
            }
        }

        if (arguments->Clamps)
        {
            var low = Vector512.Create(arguments->Low);
            var high = Vector512.Create(arguments->High);
            c0a = Avx512F.Min(high, Avx512F.Max(low, c0a));
            if (sizeof(TVectors) == 2)
                c0b = Avx512F.Min(high, Avx512F.Max(low, c0b));
            if (sizeof(TWidth) * sizeof(TRows) > 1)
            {
                c1a = Avx512F.Min(high, Avx512F.Max(low, c1a));
                if (sizeof(TVectors) == 2)
                    c1b = Avx512F.Min(high, Avx512F.Max(low, c1b));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 2)
            {
                c2a = Avx512F.Min(high, Avx512F.Max(low, c2a));
                if (sizeof(TVectors) == 2)
                    c2b = Avx512F.Min(high, Avx512F.Max(low, c2b));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 3)
            {
                c3a = Avx512F.Min(high, Avx512F.Max(low, c3a));
                if (sizeof(TVectors) == 2)
                    c3b = Avx512F.Min(high, Avx512F.Max(low, c3b));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 4)
            {
                c4a = Avx512F.Min(high, Avx512F.Max(low, c4a));
                if (sizeof(TVectors) == 2)
                    c4b = Avx512F.Min(high, Avx512F.Max(low, c4b));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 5)
            {
                c5a = Avx512F.Min(high, Avx512F.Max(low, c5a));
                if (sizeof(TVectors) == 2)
                    c5b = Avx512F.Min(high, Avx512F.Max(low, c5b));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 6)
            {
                c6a = Avx512F.Min(high, Avx512F.Max(low, c6a));
                if (sizeof(TVectors) == 2)
                    c6b = Avx512F.Min(high, Avx512F.Max(low, c6b));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 7)
            {
                c7a = Avx512F.Min(high, Avx512F.Max(low, c7a));
                if (sizeof(TVectors) == 2)
                    c7b = Avx512F.Min(high, Avx512F.Max(low, c7b));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 8)
            {
                c8a = Avx512F.Min(high, Avx512F.Max(low, c8a));
                if (sizeof(TVectors) == 2)
                    c8b = Avx512F.Min(high, Avx512F.Max(low, c8b));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 9)
            {
                c9a = Avx512F.Min(high, Avx512F.Max(low, c9a));
                if (sizeof(TVectors) == 2)
                    c9b = Avx512F.Min(high, Avx512F.Max(low, c9b));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 10)
            {
                c10a = Avx512F.Min(high, Avx512F.Max(low, c10a));
                if (sizeof(TVectors) == 2)
                    c10b = Avx512F.Min(high, Avx512F.Max(low, c10b));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 11)
            {
                c11a = Avx512F.Min(high, Avx512F.Max(low, c11a));
                if (sizeof(TVectors) == 2)
                    c11b = Avx512F.Min(high, Avx512F.Max(low, c11b));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 12)
            {
                c12a = Avx512F.Min(high, Avx512F.Max(low, c12a));
                if (sizeof(TVectors) == 2)
                    c12b = Avx512F.Min(high, Avx512F.Max(low, c12b));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 13)
            {
                c13a = Avx512F.Min(high, Avx512F.Max(low, c13a));
                if (sizeof(TVectors) == 2)
                    c13b = Avx512F.Min(high, Avx512F.Max(low, c13b));
            }
        }

        {
            float* one = arguments->Destination;
            float* two = one + arguments->SecondVector;
            nint row = arguments->DestinationSecondRow;
            c0a.Store(one + Place(0, row));
            if (sizeof(TVectors) == 2)
                c0b.Store(two + Place(0, row));
            if (sizeof(TWidth) * sizeof(TRows) > 1)
            {
                c1a.Store(one + Place(1, row));
                if (sizeof(TVectors) == 2)
                    c1b.Store(two + Place(1, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 2)
            {
                c2a.Store(one + Place(2, row));
                if (sizeof(TVectors) == 2)
                    c2b.Store(two + Place(2, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 3)
            {
                c3a.Store(one + Place(3, row));
                if (sizeof(TVectors) == 2)
                    c3b.Store(two + Place(3, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 4)
            {
                c4a.Store(one + Place(4, row));
                if (sizeof(TVectors) == 2)
                    c4b.Store(two + Place(4, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 5)
            {
                c5a.Store(one + Place(5, row));
                if (sizeof(TVectors) == 2)
                    c5b.Store(two + Place(5, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 6)
            {
                c6a.Store(one + Place(6, row));
                if (sizeof(TVectors) == 2)
                    c6b.Store(two + Place(6, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 7)
            {
                c7a.Store(one + Place(7, row));
                if (sizeof(TVectors) == 2)
                    c7b.Store(two + Place(7, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 8)
            {
                c8a.Store(one + Place(8, row));
                if (sizeof(TVectors) == 2)
                    c8b.Store(two + Place(8, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 9)
            {
                c9a.Store(one + Place(9, row));
                if (sizeof(TVectors) == 2)
                    c9b.Store(two + Place(9, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 10)
            {
                c10a.Store(one + Place(10, row));
                if (sizeof(TVectors) == 2)
                    c10b.Store(two + Place(10, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 11)
            {
                c11a.Store(one + Place(11, row));
                if (sizeof(TVectors) == 2)
                    c11b.Store(two + Place(11, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 12)
            {
                c12a.Store(one + Place(12, row));
                if (sizeof(TVectors) == 2)
                    c12b.Store(two + Place(12, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 13)
            {
                c13a.Store(one + Place(13, row));
                if (sizeof(TVectors) == 2)
                    c13b.Store(two + Place(13, row));
            }
        }

        if (arguments->PoolSums == null)
            return;
        if (sizeof(TWidth) * sizeof(TRows) > 2)
        {
            c0a += c2a;
            if (sizeof(TVectors) == 2)
                c0b += c2b;
        }

        if (sizeof(TWidth) * sizeof(TRows) > 3)
        {
            c1a += c3a;
            if (sizeof(TVectors) == 2)
                c1b += c3b;
        }

        if (sizeof(TWidth) * sizeof(TRows) > 4)
        {
            c0a += c4a;
            if (sizeof(TVectors) == 2)
                c0b += c4b;
        }

        if (sizeof(TWidth) * sizeof(TRows) > 5)
        {
            c1a += c5a;
            if (sizeof(TVectors) == 2)
                c1b += c5b;
        }

        if (sizeof(TWidth) * sizeof(TRows) > 6)
        {
            c0a += c6a;
            if (sizeof(TVectors) == 2)
                c0b += c6b;
        }

        if (sizeof(TWidth) * sizeof(TRows) > 7)
        {
            c1a += c7a;
            if (sizeof(TVectors) == 2)
                c1b += c7b;
        }

        if (sizeof(TWidth) * sizeof(TRows) > 8)
        {
            c0a += c8a;
            if (sizeof(TVectors) == 2)
                c0b += c8b;
        }

        if (sizeof(TWidth) * sizeof(TRows) > 9)
        {
            c1a += c9a;
            if (sizeof(TVectors) == 2)
                c1b += c9b;
        }

        if (sizeof(TWidth) * sizeof(TRows) > 10)
        {
            c0a += c10a;
            if (sizeof(TVectors) == 2)
                c0b += c10b;
        }

        if (sizeof(TWidth) * sizeof(TRows) > 11)
        {
            c1a += c11a;
            if (sizeof(TVectors) == 2)
                c1b += c11b;
        }

        if (sizeof(TWidth) * sizeof(TRows) > 12)
        {
            c0a += c12a;
            if (sizeof(TVectors) == 2)
                c0b += c12b;
        }

        if (sizeof(TWidth) * sizeof(TRows) > 13)
        {
            c1a += c13a;
            if (sizeof(TVectors) == 2)
                c1b += c13b;
        }

        if (sizeof(TWidth) * sizeof(TRows) > 1)
        {
            c0a += c1a;
            if (sizeof(TVectors) == 2)
                c0b += c1b;
        }

        float* sums = arguments->PoolSums;
        (Vector512.Load(sums) + c0a).Store(sums);
        if (sizeof(TVectors) == 2)
            (Vector512.Load(sums + Vector512<float>.Count) + c0b).Store(sums + Vector512<float>.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Pixel(float* first, float* second, int pixel) =>
        Vector512.Create(pixel < sizeof(TWidth) ? first[pixel * sizeof(TStep)] : second[(pixel - sizeof(TWidth)) * sizeof(TStep)]);

    // Results lie one block of channels apart.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Place(int pixel, nint row) =>
        pixel < sizeof(TWidth) ? pixel * BlockedLayout.Block : row + (pixel - sizeof(TWidth)) * BlockedLayout.Block;
}
