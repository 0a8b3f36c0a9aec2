using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The innermost loops of convolutions on blocked activations for AVX-512: some pixels times one to four blocks of output channels,
/// kept in registers over all taps and input channels.</summary>
/// <remarks>Each step loads the weights of one input channel and one tap, and multiplies them with that channel of each pixel. Tiles that fill the
/// registers have 14 pixels and two vectors, 9 and three, or 6 and four: 28, 27 and 24 multiply-adds for 16, 12 and 10 loads. Fewer loads are faster:
/// 156, 177 and 177 GFLOP/s of 178 on an Ice Lake core of one's own, 102, 121 and 123 beside a busy sibling thread, where two or three instructions a
/// cycle are all there is. The numbers are types whose size is the number: the compiler knows sizes while it reads the code, so it makes a method for
/// each shape and never sees the lines behind its last pixel. Written with vectors and not with <see cref="Lanes512"/>: behind the wrapper each second
/// multiply-add costs a move between registers, 3 % of the time on a core of one's own and up to 18 % beside a busy sibling thread. Largest and smallest
/// as they stand keep NaN.</remarks>
/// <typeparam name="TWidth">Pixels of a row.</typeparam>
/// <typeparam name="TRows">Rows of pixels, one or two.</typeparam>
/// <typeparam name="TStep">Floats from one pixel to the next in the source.</typeparam>
/// <typeparam name="TVectors">Vectors of output channels, one to four.</typeparam>
internal static unsafe class ConvTile512<TWidth, TRows, TStep, TVectors>
    where TWidth : unmanaged
    where TRows : unmanaged
    where TStep : unmanaged
    where TVectors : unmanaged
{
    // Blocks of input channels lie far apart, so the processor does not foresee them: their pixels are fetched two blocks ahead, behind the last
    // block those of the next tile.
    private const int Ahead = 2;

    private static int Pixels => sizeof(TWidth) * sizeof(TRows);

    /// <summary>Computes and stores the tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(ConvTileArguments* arguments)
    {
        float* source = arguments->Source, w = arguments->Weights;
        nint secondRow = arguments->SecondRow, fetch = arguments->Prefetch, fetchEnd = arguments->PrefetchEnd;
        float* to = arguments->Destination;
        float* add = arguments->Residual;
        nint step = arguments->SecondVector, addStep = arguments->ResidualSecondVector, split = arguments->Split;
        bool adds = add != null;
        if (adds && Sse.IsSupported)
        {
            // It comes from the third-level cache, or farther, while the sums are computed.
            for (int vector = 0; vector < sizeof(TVectors); vector++)
            {
                for (int pixel = 0; pixel < Pixels; pixel++)
                    Sse.Prefetch0(add + vector * addStep + Place(pixel, split, arguments->ResidualGap));
            }
        }

        var a0 = arguments->Bias == null ? Vector512<float>.Zero : Vector512.Load(arguments->Bias);
        var b0 = sizeof(TVectors) < 2 || arguments->Bias == null ? Vector512<float>.Zero : Vector512.Load(arguments->Bias + Vector512<float>.Count);
        var c0 = sizeof(TVectors) < 3 || arguments->Bias == null ? Vector512<float>.Zero : Vector512.Load(arguments->Bias + 2 * Vector512<float>.Count);
        var d0 = sizeof(TVectors) < 4 || arguments->Bias == null ? Vector512<float>.Zero : Vector512.Load(arguments->Bias + 3 * Vector512<float>.Count);
        Vector512<float> a1 = a0, b1 = b0, c1 = c0, d1 = d0;
        Vector512<float> a2 = a0, b2 = b0, c2 = c0, d2 = d0;
        Vector512<float> a3 = a0, b3 = b0, c3 = c0, d3 = d0;
        Vector512<float> a4 = a0, b4 = b0, c4 = c0, d4 = d0;
        Vector512<float> a5 = a0, b5 = b0, c5 = c0, d5 = d0;
        Vector512<float> a6 = a0, b6 = b0, c6 = c0;
        Vector512<float> a7 = a0, b7 = b0, c7 = c0;
        Vector512<float> a8 = a0, b8 = b0, c8 = c0;
        Vector512<float> a9 = a0, b9 = b0;
        Vector512<float> a10 = a0, b10 = b0;
        Vector512<float> a11 = a0, b11 = b0;
        Vector512<float> a12 = a0, b12 = b0;
        Vector512<float> a13 = a0, b13 = b0;
        for (nint block = 0; block < arguments->Blocks; block++)
        {
            nint from = block == 0 ? arguments->FirstLane : 0;
            nint count = (block == arguments->Blocks - 1 ? arguments->LastLanes : arguments->BlockLanes) - from;
            float* tapRow = source + from;
            if (Sse.IsSupported)
            {
                float* ahead = block + Ahead < arguments->Blocks
                    ? source + Ahead * arguments->BlockStep
                    : arguments->Source + sizeof(TWidth) * sizeof(TStep) + (block + Ahead - arguments->Blocks) * arguments->BlockStep;
                for (int pixel = 0; pixel < sizeof(TWidth); pixel++)
                    Sse.Prefetch0(ahead + pixel * sizeof(TStep));
            }

            for (nint r = arguments->TapRows; r > 0; r--)
            {
                float* tap = tapRow;
                for (nint t = arguments->Taps; t > 0; t--)
                {
                    float* x = tap;
                    float* y = tap + secondRow;
                    float* end = tap + count;
                    for (nint line = fetch; line < fetchEnd; line += NativeMemoryPool.Alignment / sizeof(float))
                    {
                        if (Sse.IsSupported)
                            Sse.Prefetch1(w + line);
                    }

                    do
                    {
                        var wa = Vector512.Load(w);
                        var wb = sizeof(TVectors) > 1 ? Vector512.Load(w + Vector512<float>.Count) : wa;
                        var wc = sizeof(TVectors) > 2 ? Vector512.Load(w + 2 * Vector512<float>.Count) : wa;
                        var wd = sizeof(TVectors) > 3 ? Vector512.Load(w + 3 * Vector512<float>.Count) : wa;
                        var v = Pixel(x, y, 0);
                        a0 = Avx512F.FusedMultiplyAdd(v, wa, a0);
                        if (sizeof(TVectors) > 1)
                            b0 = Avx512F.FusedMultiplyAdd(v, wb, b0);
                        if (sizeof(TVectors) > 2)
                            c0 = Avx512F.FusedMultiplyAdd(v, wc, c0);
                        if (sizeof(TVectors) > 3)
                            d0 = Avx512F.FusedMultiplyAdd(v, wd, d0);
                        if (Pixels > 1)
                        {
                            v = Pixel(x, y, 1);
                            a1 = Avx512F.FusedMultiplyAdd(v, wa, a1);
                            if (sizeof(TVectors) > 1)
                                b1 = Avx512F.FusedMultiplyAdd(v, wb, b1);
                            if (sizeof(TVectors) > 2)
                                c1 = Avx512F.FusedMultiplyAdd(v, wc, c1);
                            if (sizeof(TVectors) > 3)
                                d1 = Avx512F.FusedMultiplyAdd(v, wd, d1);
                        }

                        if (Pixels > 2)
                        {
                            v = Pixel(x, y, 2);
                            a2 = Avx512F.FusedMultiplyAdd(v, wa, a2);
                            if (sizeof(TVectors) > 1)
                                b2 = Avx512F.FusedMultiplyAdd(v, wb, b2);
                            if (sizeof(TVectors) > 2)
                                c2 = Avx512F.FusedMultiplyAdd(v, wc, c2);
                            if (sizeof(TVectors) > 3)
                                d2 = Avx512F.FusedMultiplyAdd(v, wd, d2);
                        }

                        if (Pixels > 3)
                        {
                            v = Pixel(x, y, 3);
                            a3 = Avx512F.FusedMultiplyAdd(v, wa, a3);
                            if (sizeof(TVectors) > 1)
                                b3 = Avx512F.FusedMultiplyAdd(v, wb, b3);
                            if (sizeof(TVectors) > 2)
                                c3 = Avx512F.FusedMultiplyAdd(v, wc, c3);
                            if (sizeof(TVectors) > 3)
                                d3 = Avx512F.FusedMultiplyAdd(v, wd, d3);
                        }

                        if (Pixels > 4)
                        {
                            v = Pixel(x, y, 4);
                            a4 = Avx512F.FusedMultiplyAdd(v, wa, a4);
                            if (sizeof(TVectors) > 1)
                                b4 = Avx512F.FusedMultiplyAdd(v, wb, b4);
                            if (sizeof(TVectors) > 2)
                                c4 = Avx512F.FusedMultiplyAdd(v, wc, c4);
                            if (sizeof(TVectors) > 3)
                                d4 = Avx512F.FusedMultiplyAdd(v, wd, d4);
                        }

                        if (Pixels > 5)
                        {
                            v = Pixel(x, y, 5);
                            a5 = Avx512F.FusedMultiplyAdd(v, wa, a5);
                            if (sizeof(TVectors) > 1)
                                b5 = Avx512F.FusedMultiplyAdd(v, wb, b5);
                            if (sizeof(TVectors) > 2)
                                c5 = Avx512F.FusedMultiplyAdd(v, wc, c5);
                            if (sizeof(TVectors) > 3)
                                d5 = Avx512F.FusedMultiplyAdd(v, wd, d5);
                        }

                        if (Pixels > 6)
                        {
                            v = Pixel(x, y, 6);
                            a6 = Avx512F.FusedMultiplyAdd(v, wa, a6);
                            if (sizeof(TVectors) > 1)
                                b6 = Avx512F.FusedMultiplyAdd(v, wb, b6);
                            if (sizeof(TVectors) > 2)
                                c6 = Avx512F.FusedMultiplyAdd(v, wc, c6);
                        }

                        if (Pixels > 7)
                        {
                            v = Pixel(x, y, 7);
                            a7 = Avx512F.FusedMultiplyAdd(v, wa, a7);
                            if (sizeof(TVectors) > 1)
                                b7 = Avx512F.FusedMultiplyAdd(v, wb, b7);
                            if (sizeof(TVectors) > 2)
                                c7 = Avx512F.FusedMultiplyAdd(v, wc, c7);
                        }

                        if (Pixels > 8)
                        {
                            v = Pixel(x, y, 8);
                            a8 = Avx512F.FusedMultiplyAdd(v, wa, a8);
                            if (sizeof(TVectors) > 1)
                                b8 = Avx512F.FusedMultiplyAdd(v, wb, b8);
                            if (sizeof(TVectors) > 2)
                                c8 = Avx512F.FusedMultiplyAdd(v, wc, c8);
                        }

                        if (Pixels > 9)
                        {
                            v = Pixel(x, y, 9);
                            a9 = Avx512F.FusedMultiplyAdd(v, wa, a9);
                            if (sizeof(TVectors) > 1)
                                b9 = Avx512F.FusedMultiplyAdd(v, wb, b9);
                        }

                        if (Pixels > 10)
                        {
                            v = Pixel(x, y, 10);
                            a10 = Avx512F.FusedMultiplyAdd(v, wa, a10);
                            if (sizeof(TVectors) > 1)
                                b10 = Avx512F.FusedMultiplyAdd(v, wb, b10);
                        }

                        if (Pixels > 11)
                        {
                            v = Pixel(x, y, 11);
                            a11 = Avx512F.FusedMultiplyAdd(v, wa, a11);
                            if (sizeof(TVectors) > 1)
                                b11 = Avx512F.FusedMultiplyAdd(v, wb, b11);
                        }

                        if (Pixels > 12)
                        {
                            v = Pixel(x, y, 12);
                            a12 = Avx512F.FusedMultiplyAdd(v, wa, a12);
                            if (sizeof(TVectors) > 1)
                                b12 = Avx512F.FusedMultiplyAdd(v, wb, b12);
                        }

                        if (Pixels > 13)
                        {
                            v = Pixel(x, y, 13);
                            a13 = Avx512F.FusedMultiplyAdd(v, wa, a13);
                            if (sizeof(TVectors) > 1)
                                b13 = Avx512F.FusedMultiplyAdd(v, wb, b13);
                        }

                        w += sizeof(TVectors) * Vector512<float>.Count;
                        x++;
                        if (sizeof(TRows) == 2)
                            y++;
                    }
                    while (x < end);
                    tap += arguments->TapStep;
                }

                tapRow += arguments->TapRowStep;
            }

            source += arguments->BlockStep;
        }

        bool clamps = arguments->Clamps;
        var low = Vector512.Create(arguments->Low);
        var high = Vector512.Create(arguments->High);
        nint place = 0, addPlace = 0;
        a0 = Finish(a0, adds, add + addPlace, clamps, low, high, to + place);
        if (sizeof(TVectors) > 1)
            b0 = Finish(b0, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
        if (sizeof(TVectors) > 2)
            c0 = Finish(c0, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
        if (sizeof(TVectors) > 3)
            d0 = Finish(d0, adds, add + 3 * addStep + addPlace, clamps, low, high, to + 3 * step + place);
        if (Pixels > 1)
        {
            place = Place(1, split, arguments->DestinationGap);
            addPlace = Place(1, split, arguments->ResidualGap);
            a1 = Finish(a1, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b1 = Finish(b1, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            if (sizeof(TVectors) > 2)
                c1 = Finish(c1, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
            if (sizeof(TVectors) > 3)
                d1 = Finish(d1, adds, add + 3 * addStep + addPlace, clamps, low, high, to + 3 * step + place);
        }

        if (Pixels > 2)
        {
            place = Place(2, split, arguments->DestinationGap);
            addPlace = Place(2, split, arguments->ResidualGap);
            a2 = Finish(a2, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b2 = Finish(b2, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            if (sizeof(TVectors) > 2)
                c2 = Finish(c2, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
            if (sizeof(TVectors) > 3)
                d2 = Finish(d2, adds, add + 3 * addStep + addPlace, clamps, low, high, to + 3 * step + place);
        }

        if (Pixels > 3)
        {
            place = Place(3, split, arguments->DestinationGap);
            addPlace = Place(3, split, arguments->ResidualGap);
            a3 = Finish(a3, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b3 = Finish(b3, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            if (sizeof(TVectors) > 2)
                c3 = Finish(c3, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
            if (sizeof(TVectors) > 3)
                d3 = Finish(d3, adds, add + 3 * addStep + addPlace, clamps, low, high, to + 3 * step + place);
        }

        if (Pixels > 4)
        {
            place = Place(4, split, arguments->DestinationGap);
            addPlace = Place(4, split, arguments->ResidualGap);
            a4 = Finish(a4, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b4 = Finish(b4, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            if (sizeof(TVectors) > 2)
                c4 = Finish(c4, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
            if (sizeof(TVectors) > 3)
                d4 = Finish(d4, adds, add + 3 * addStep + addPlace, clamps, low, high, to + 3 * step + place);
        }

        if (Pixels > 5)
        {
            place = Place(5, split, arguments->DestinationGap);
            addPlace = Place(5, split, arguments->ResidualGap);
            a5 = Finish(a5, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b5 = Finish(b5, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            if (sizeof(TVectors) > 2)
                c5 = Finish(c5, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
            if (sizeof(TVectors) > 3)
                d5 = Finish(d5, adds, add + 3 * addStep + addPlace, clamps, low, high, to + 3 * step + place);
        }

        if (Pixels > 6)
        {
            place = Place(6, split, arguments->DestinationGap);
            addPlace = Place(6, split, arguments->ResidualGap);
            a6 = Finish(a6, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b6 = Finish(b6, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            if (sizeof(TVectors) > 2)
                c6 = Finish(c6, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
        }

        if (Pixels > 7)
        {
            place = Place(7, split, arguments->DestinationGap);
            addPlace = Place(7, split, arguments->ResidualGap);
            a7 = Finish(a7, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b7 = Finish(b7, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            if (sizeof(TVectors) > 2)
                c7 = Finish(c7, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
        }

        if (Pixels > 8)
        {
            place = Place(8, split, arguments->DestinationGap);
            addPlace = Place(8, split, arguments->ResidualGap);
            a8 = Finish(a8, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b8 = Finish(b8, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            if (sizeof(TVectors) > 2)
                c8 = Finish(c8, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
        }

        if (Pixels > 9)
        {
            place = Place(9, split, arguments->DestinationGap);
            addPlace = Place(9, split, arguments->ResidualGap);
            a9 = Finish(a9, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b9 = Finish(b9, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
        }

        if (Pixels > 10)
        {
            place = Place(10, split, arguments->DestinationGap);
            addPlace = Place(10, split, arguments->ResidualGap);
            a10 = Finish(a10, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b10 = Finish(b10, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
        }

        if (Pixels > 11)
        {
            place = Place(11, split, arguments->DestinationGap);
            addPlace = Place(11, split, arguments->ResidualGap);
            a11 = Finish(a11, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b11 = Finish(b11, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
        }

        if (Pixels > 12)
        {
            place = Place(12, split, arguments->DestinationGap);
            addPlace = Place(12, split, arguments->ResidualGap);
            a12 = Finish(a12, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b12 = Finish(b12, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
        }

        if (Pixels > 13)
        {
            place = Place(13, split, arguments->DestinationGap);
            addPlace = Place(13, split, arguments->ResidualGap);
            a13 = Finish(a13, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b13 = Finish(b13, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
        }

        float* sums = arguments->PoolSums;
        if (sums == null)
            return;
        if (Pixels > 2)
        {
            a0 += a2;
            if (sizeof(TVectors) > 1)
                b0 += b2;
            if (sizeof(TVectors) > 2)
                c0 += c2;
            if (sizeof(TVectors) > 3)
                d0 += d2;
        }

        if (Pixels > 3)
        {
            a1 += a3;
            if (sizeof(TVectors) > 1)
                b1 += b3;
            if (sizeof(TVectors) > 2)
                c1 += c3;
            if (sizeof(TVectors) > 3)
                d1 += d3;
        }

        if (Pixels > 4)
        {
            a0 += a4;
            if (sizeof(TVectors) > 1)
                b0 += b4;
            if (sizeof(TVectors) > 2)
                c0 += c4;
            if (sizeof(TVectors) > 3)
                d0 += d4;
        }

        if (Pixels > 5)
        {
            a1 += a5;
            if (sizeof(TVectors) > 1)
                b1 += b5;
            if (sizeof(TVectors) > 2)
                c1 += c5;
            if (sizeof(TVectors) > 3)
                d1 += d5;
        }

        if (Pixels > 6)
        {
            a0 += a6;
            if (sizeof(TVectors) > 1)
                b0 += b6;
            if (sizeof(TVectors) > 2)
                c0 += c6;
        }

        if (Pixels > 7)
        {
            a1 += a7;
            if (sizeof(TVectors) > 1)
                b1 += b7;
            if (sizeof(TVectors) > 2)
                c1 += c7;
        }

        if (Pixels > 8)
        {
            a0 += a8;
            if (sizeof(TVectors) > 1)
                b0 += b8;
            if (sizeof(TVectors) > 2)
                c0 += c8;
        }

        if (Pixels > 9)
        {
            a1 += a9;
            if (sizeof(TVectors) > 1)
                b1 += b9;
        }

        if (Pixels > 10)
        {
            a0 += a10;
            if (sizeof(TVectors) > 1)
                b0 += b10;
        }

        if (Pixels > 11)
        {
            a1 += a11;
            if (sizeof(TVectors) > 1)
                b1 += b11;
        }

        if (Pixels > 12)
        {
            a0 += a12;
            if (sizeof(TVectors) > 1)
                b0 += b12;
        }

        if (Pixels > 13)
        {
            a1 += a13;
            if (sizeof(TVectors) > 1)
                b1 += b13;
        }

        if (Pixels > 1)
        {
            a0 += a1;
            if (sizeof(TVectors) > 1)
                b0 += b1;
            if (sizeof(TVectors) > 2)
                c0 += c1;
            if (sizeof(TVectors) > 3)
                d0 += d1;
        }

        (Vector512.Load(sums) + a0).Store(sums);
        if (sizeof(TVectors) > 1)
            (Vector512.Load(sums + Vector512<float>.Count) + b0).Store(sums + Vector512<float>.Count);
        if (sizeof(TVectors) > 2)
            (Vector512.Load(sums + 2 * Vector512<float>.Count) + c0).Store(sums + 2 * Vector512<float>.Count);
        if (sizeof(TVectors) > 3)
            (Vector512.Load(sums + 3 * Vector512<float>.Count) + d0).Store(sums + 3 * Vector512<float>.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Pixel(float* first, float* second, int pixel) =>
        Vector512.Create(pixel < sizeof(TWidth) ? first[pixel * sizeof(TStep)] : second[(pixel - sizeof(TWidth)) * sizeof(TStep)]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Finish(
        Vector512<float> sum, bool adds, float* residual, bool clamps, Vector512<float> low, Vector512<float> high, float* target)
    {
        if (adds)
            sum += Vector512.Load(residual);
        if (clamps)
            sum = Avx512F.Min(high, Avx512F.Max(low, sum));
        sum.Store(target);
        return sum;
    }

    // Results lie one block of channels apart; those from the split on lie farther.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Place(int pixel, nint split, nint gap) => pixel * BlockedLayout.Block + (pixel >= split ? gap : 0);
}
