using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The innermost loops of convolutions on blocked activations for AVX-512: some pixels times one to three blocks of output channels,
/// kept in registers over all taps and input channels.</summary>
/// <remarks>Each step loads the weights of one input channel and one tap, and multiplies them with that channel of each pixel. Tiles that fill the
/// registers have 14 pixels and two vectors, or 9 and three; <see cref="QuadTile512{TWidth, TRows}"/> has 6 and four: 28, 27 and 24 multiply-adds for 16, 12
/// and 10 loads. Fewer loads are faster: 156, 177 and 177 GFLOP/s of 178 on an Ice Lake core of one's own, 102, 121 and 123 beside a busy sibling thread,
/// where two or three instructions a cycle are all there is. The numbers are types whose size is the number: the compiler knows sizes while it reads the code, so it makes a method for
/// each shape and never sees the lines behind its last pixel. Written with vectors and not with <see cref="Lanes512"/>: behind the wrapper each second
/// multiply-add costs a move between registers, 3 % of the time on a core of one's own and up to 18 % beside a busy sibling thread. Largest and smallest
/// as they stand keep NaN.</remarks>
/// <typeparam name="TWidth">Pixels of a row.</typeparam>
/// <typeparam name="TRows">Rows of pixels, one or two.</typeparam>
/// <typeparam name="TStep">Floats from one pixel to the next in the source.</typeparam>
/// <typeparam name="TVectors">Vectors of output channels, one to three.</typeparam>
internal static unsafe class ConvTile512<TWidth, TRows, TStep, TVectors>
    where TWidth : unmanaged
    where TRows : unmanaged
    where TStep : unmanaged
    where TVectors : unmanaged
{
    private static int Pixels => sizeof(TWidth) * sizeof(TRows);

    /// <summary>Computes and stores the tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(ConvTileArguments* arguments)
    {
        float* source = arguments->Source, w = arguments->Weights;
        nint secondRow = arguments->SecondRow, nextStep = arguments->NextStep;
        float* next = arguments->Next;
        float* add = arguments->Residual;
        if (add != null)
        {
            for (int vector = 0; vector < sizeof(TVectors); vector++)
                TilePixels.Prefetch(add + vector * arguments->ResidualSecondVector, Pixels, BlockedLayout.Block);
        }

        var a0 = arguments->Bias == null ? Vector512<float>.Zero : Vector512.Load(arguments->Bias);
        var b0 = sizeof(TVectors) < 2 || arguments->Bias == null ? Vector512<float>.Zero : Vector512.Load(arguments->Bias + Vector512<float>.Count);
        var c0 = sizeof(TVectors) < 3 || arguments->Bias == null ? Vector512<float>.Zero : Vector512.Load(arguments->Bias + 2 * Vector512<float>.Count);
        Vector512<float> a1 = a0, b1 = b0, c1 = c0;
        Vector512<float> a2 = a0, b2 = b0, c2 = c0;
        Vector512<float> a3 = a0, b3 = b0, c3 = c0;
        Vector512<float> a4 = a0, b4 = b0, c4 = c0;
        Vector512<float> a5 = a0, b5 = b0, c5 = c0;
        Vector512<float> a6 = a0, b6 = b0, c6 = c0;
        Vector512<float> a7 = a0, b7 = b0, c7 = c0;
        Vector512<float> a8 = a0, b8 = b0, c8 = c0;
        Vector512<float> a9 = a0, b9 = b0;
        Vector512<float> a10 = a0, b10 = b0;
        Vector512<float> a11 = a0, b11 = b0;
        Vector512<float> a12 = a0, b12 = b0;
        Vector512<float> a13 = a0, b13 = b0;
        // The pixels of the block after the next one are fetched; in the last two blocks those of the next tile.
        nint left = arguments->Blocks, wrapped = sizeof(TWidth) * sizeof(TStep) - (left - 2) * arguments->BlockStep;
        nint from = arguments->FirstLane;
        do
        {
            nint count = (left > 1 ? arguments->BlockLanes : arguments->LastLanes) - from;
            float* tapRow = source + from;
            TilePixels.Prefetch(source + (left > 2 ? 2 * arguments->BlockStep : wrapped), sizeof(TWidth), sizeof(TStep));
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
                        var wb = sizeof(TVectors) > 1 ? Vector512.Load(w + Vector512<float>.Count) : wa;
                        var wc = sizeof(TVectors) > 2 ? Vector512.Load(w + 2 * Vector512<float>.Count) : wa;
                        var v = Pixel(x, y, 0);
                        a0 = Avx512F.FusedMultiplyAdd(v, wa, a0);
                        if (sizeof(TVectors) > 1)
                            b0 = Avx512F.FusedMultiplyAdd(v, wb, b0);
                        if (sizeof(TVectors) > 2)
                            c0 = Avx512F.FusedMultiplyAdd(v, wc, c0);
                        if (Pixels > 1)
                        {
                            v = Pixel(x, y, 1);
                            a1 = Avx512F.FusedMultiplyAdd(v, wa, a1);
                            if (sizeof(TVectors) > 1)
                                b1 = Avx512F.FusedMultiplyAdd(v, wb, b1);
                            if (sizeof(TVectors) > 2)
                                c1 = Avx512F.FusedMultiplyAdd(v, wc, c1);
                        }

                        if (Pixels > 2)
                        {
                            v = Pixel(x, y, 2);
                            a2 = Avx512F.FusedMultiplyAdd(v, wa, a2);
                            if (sizeof(TVectors) > 1)
                                b2 = Avx512F.FusedMultiplyAdd(v, wb, b2);
                            if (sizeof(TVectors) > 2)
                                c2 = Avx512F.FusedMultiplyAdd(v, wc, c2);
                        }

                        if (Pixels > 3)
                        {
                            v = Pixel(x, y, 3);
                            a3 = Avx512F.FusedMultiplyAdd(v, wa, a3);
                            if (sizeof(TVectors) > 1)
                                b3 = Avx512F.FusedMultiplyAdd(v, wb, b3);
                            if (sizeof(TVectors) > 2)
                                c3 = Avx512F.FusedMultiplyAdd(v, wc, c3);
                        }

                        if (Pixels > 4)
                        {
                            v = Pixel(x, y, 4);
                            a4 = Avx512F.FusedMultiplyAdd(v, wa, a4);
                            if (sizeof(TVectors) > 1)
                                b4 = Avx512F.FusedMultiplyAdd(v, wb, b4);
                            if (sizeof(TVectors) > 2)
                                c4 = Avx512F.FusedMultiplyAdd(v, wc, c4);
                        }

                        if (Pixels > 5)
                        {
                            v = Pixel(x, y, 5);
                            a5 = Avx512F.FusedMultiplyAdd(v, wa, a5);
                            if (sizeof(TVectors) > 1)
                                b5 = Avx512F.FusedMultiplyAdd(v, wb, b5);
                            if (sizeof(TVectors) > 2)
                                c5 = Avx512F.FusedMultiplyAdd(v, wc, c5);
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

                        if (Sse.IsSupported)
                        {
                            Sse.Prefetch1(next);
                            next += nextStep;
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
            from = 0;
        }
        while (--left > 0);

        nint split = arguments->Split;
        if (add != null)
        {
            nint step = arguments->ResidualSecondVector, gap = arguments->ResidualGap, place;
            float* addB = add + step, addC = addB + step;
            a0 += Vector512.Load(add);
            if (sizeof(TVectors) > 1)
                b0 += Vector512.Load(addB);
            if (sizeof(TVectors) > 2)
                c0 += Vector512.Load(addC);
            if (Pixels > 1)
            {
                place = TilePixels.Place(1, split, gap);
                a1 += Vector512.Load(add + place);
                if (sizeof(TVectors) > 1)
                    b1 += Vector512.Load(addB + place);
                if (sizeof(TVectors) > 2)
                    c1 += Vector512.Load(addC + place);
            }

            if (Pixels > 2)
            {
                place = TilePixels.Place(2, split, gap);
                a2 += Vector512.Load(add + place);
                if (sizeof(TVectors) > 1)
                    b2 += Vector512.Load(addB + place);
                if (sizeof(TVectors) > 2)
                    c2 += Vector512.Load(addC + place);
            }

            if (Pixels > 3)
            {
                place = TilePixels.Place(3, split, gap);
                a3 += Vector512.Load(add + place);
                if (sizeof(TVectors) > 1)
                    b3 += Vector512.Load(addB + place);
                if (sizeof(TVectors) > 2)
                    c3 += Vector512.Load(addC + place);
            }

            if (Pixels > 4)
            {
                place = TilePixels.Place(4, split, gap);
                a4 += Vector512.Load(add + place);
                if (sizeof(TVectors) > 1)
                    b4 += Vector512.Load(addB + place);
                if (sizeof(TVectors) > 2)
                    c4 += Vector512.Load(addC + place);
            }

            if (Pixels > 5)
            {
                place = TilePixels.Place(5, split, gap);
                a5 += Vector512.Load(add + place);
                if (sizeof(TVectors) > 1)
                    b5 += Vector512.Load(addB + place);
                if (sizeof(TVectors) > 2)
                    c5 += Vector512.Load(addC + place);
            }

            if (Pixels > 6)
            {
                place = TilePixels.Place(6, split, gap);
                a6 += Vector512.Load(add + place);
                if (sizeof(TVectors) > 1)
                    b6 += Vector512.Load(addB + place);
                if (sizeof(TVectors) > 2)
                    c6 += Vector512.Load(addC + place);
            }

            if (Pixels > 7)
            {
                place = TilePixels.Place(7, split, gap);
                a7 += Vector512.Load(add + place);
                if (sizeof(TVectors) > 1)
                    b7 += Vector512.Load(addB + place);
                if (sizeof(TVectors) > 2)
                    c7 += Vector512.Load(addC + place);
            }

            if (Pixels > 8)
            {
                place = TilePixels.Place(8, split, gap);
                a8 += Vector512.Load(add + place);
                if (sizeof(TVectors) > 1)
                    b8 += Vector512.Load(addB + place);
                if (sizeof(TVectors) > 2)
                    c8 += Vector512.Load(addC + place);
            }

            if (Pixels > 9)
            {
                place = TilePixels.Place(9, split, gap);
                a9 += Vector512.Load(add + place);
                if (sizeof(TVectors) > 1)
                    b9 += Vector512.Load(addB + place);
            }

            if (Pixels > 10)
            {
                place = TilePixels.Place(10, split, gap);
                a10 += Vector512.Load(add + place);
                if (sizeof(TVectors) > 1)
                    b10 += Vector512.Load(addB + place);
            }

            if (Pixels > 11)
            {
                place = TilePixels.Place(11, split, gap);
                a11 += Vector512.Load(add + place);
                if (sizeof(TVectors) > 1)
                    b11 += Vector512.Load(addB + place);
            }

            if (Pixels > 12)
            {
                place = TilePixels.Place(12, split, gap);
                a12 += Vector512.Load(add + place);
                if (sizeof(TVectors) > 1)
                    b12 += Vector512.Load(addB + place);
            }

            if (Pixels > 13)
            {
                place = TilePixels.Place(13, split, gap);
                a13 += Vector512.Load(add + place);
                if (sizeof(TVectors) > 1)
                    b13 += Vector512.Load(addB + place);
            }
        }

        if (arguments->Clamps)
        {
            var low = Vector512.Create(arguments->Low);
            var high = Vector512.Create(arguments->High);
            a0 = Avx512F.Min(high, Avx512F.Max(low, a0));
            if (sizeof(TVectors) > 1)
                b0 = Avx512F.Min(high, Avx512F.Max(low, b0));
            if (sizeof(TVectors) > 2)
                c0 = Avx512F.Min(high, Avx512F.Max(low, c0));
            if (Pixels > 1)
            {
                a1 = Avx512F.Min(high, Avx512F.Max(low, a1));
                if (sizeof(TVectors) > 1)
                    b1 = Avx512F.Min(high, Avx512F.Max(low, b1));
                if (sizeof(TVectors) > 2)
                    c1 = Avx512F.Min(high, Avx512F.Max(low, c1));
            }

            if (Pixels > 2)
            {
                a2 = Avx512F.Min(high, Avx512F.Max(low, a2));
                if (sizeof(TVectors) > 1)
                    b2 = Avx512F.Min(high, Avx512F.Max(low, b2));
                if (sizeof(TVectors) > 2)
                    c2 = Avx512F.Min(high, Avx512F.Max(low, c2));
            }

            if (Pixels > 3)
            {
                a3 = Avx512F.Min(high, Avx512F.Max(low, a3));
                if (sizeof(TVectors) > 1)
                    b3 = Avx512F.Min(high, Avx512F.Max(low, b3));
                if (sizeof(TVectors) > 2)
                    c3 = Avx512F.Min(high, Avx512F.Max(low, c3));
            }

            if (Pixels > 4)
            {
                a4 = Avx512F.Min(high, Avx512F.Max(low, a4));
                if (sizeof(TVectors) > 1)
                    b4 = Avx512F.Min(high, Avx512F.Max(low, b4));
                if (sizeof(TVectors) > 2)
                    c4 = Avx512F.Min(high, Avx512F.Max(low, c4));
            }

            if (Pixels > 5)
            {
                a5 = Avx512F.Min(high, Avx512F.Max(low, a5));
                if (sizeof(TVectors) > 1)
                    b5 = Avx512F.Min(high, Avx512F.Max(low, b5));
                if (sizeof(TVectors) > 2)
                    c5 = Avx512F.Min(high, Avx512F.Max(low, c5));
            }

            if (Pixels > 6)
            {
                a6 = Avx512F.Min(high, Avx512F.Max(low, a6));
                if (sizeof(TVectors) > 1)
                    b6 = Avx512F.Min(high, Avx512F.Max(low, b6));
                if (sizeof(TVectors) > 2)
                    c6 = Avx512F.Min(high, Avx512F.Max(low, c6));
            }

            if (Pixels > 7)
            {
                a7 = Avx512F.Min(high, Avx512F.Max(low, a7));
                if (sizeof(TVectors) > 1)
                    b7 = Avx512F.Min(high, Avx512F.Max(low, b7));
                if (sizeof(TVectors) > 2)
                    c7 = Avx512F.Min(high, Avx512F.Max(low, c7));
            }

            if (Pixels > 8)
            {
                a8 = Avx512F.Min(high, Avx512F.Max(low, a8));
                if (sizeof(TVectors) > 1)
                    b8 = Avx512F.Min(high, Avx512F.Max(low, b8));
                if (sizeof(TVectors) > 2)
                    c8 = Avx512F.Min(high, Avx512F.Max(low, c8));
            }

            if (Pixels > 9)
            {
                a9 = Avx512F.Min(high, Avx512F.Max(low, a9));
                if (sizeof(TVectors) > 1)
                    b9 = Avx512F.Min(high, Avx512F.Max(low, b9));
            }

            if (Pixels > 10)
            {
                a10 = Avx512F.Min(high, Avx512F.Max(low, a10));
                if (sizeof(TVectors) > 1)
                    b10 = Avx512F.Min(high, Avx512F.Max(low, b10));
            }

            if (Pixels > 11)
            {
                a11 = Avx512F.Min(high, Avx512F.Max(low, a11));
                if (sizeof(TVectors) > 1)
                    b11 = Avx512F.Min(high, Avx512F.Max(low, b11));
            }

            if (Pixels > 12)
            {
                a12 = Avx512F.Min(high, Avx512F.Max(low, a12));
                if (sizeof(TVectors) > 1)
                    b12 = Avx512F.Min(high, Avx512F.Max(low, b12));
            }

            if (Pixels > 13)
            {
                a13 = Avx512F.Min(high, Avx512F.Max(low, a13));
                if (sizeof(TVectors) > 1)
                    b13 = Avx512F.Min(high, Avx512F.Max(low, b13));
            }
        }

        {
            nint step = arguments->SecondVector, gap = arguments->DestinationGap, place;
            float* toA = arguments->Destination, toB = toA + step, toC = toB + step;
            a0.Store(toA);
            if (sizeof(TVectors) > 1)
                b0.Store(toB);
            if (sizeof(TVectors) > 2)
                c0.Store(toC);
            if (Pixels > 1)
            {
                place = TilePixels.Place(1, split, gap);
                a1.Store(toA + place);
                if (sizeof(TVectors) > 1)
                    b1.Store(toB + place);
                if (sizeof(TVectors) > 2)
                    c1.Store(toC + place);
            }

            if (Pixels > 2)
            {
                place = TilePixels.Place(2, split, gap);
                a2.Store(toA + place);
                if (sizeof(TVectors) > 1)
                    b2.Store(toB + place);
                if (sizeof(TVectors) > 2)
                    c2.Store(toC + place);
            }

            if (Pixels > 3)
            {
                place = TilePixels.Place(3, split, gap);
                a3.Store(toA + place);
                if (sizeof(TVectors) > 1)
                    b3.Store(toB + place);
                if (sizeof(TVectors) > 2)
                    c3.Store(toC + place);
            }

            if (Pixels > 4)
            {
                place = TilePixels.Place(4, split, gap);
                a4.Store(toA + place);
                if (sizeof(TVectors) > 1)
                    b4.Store(toB + place);
                if (sizeof(TVectors) > 2)
                    c4.Store(toC + place);
            }

            if (Pixels > 5)
            {
                place = TilePixels.Place(5, split, gap);
                a5.Store(toA + place);
                if (sizeof(TVectors) > 1)
                    b5.Store(toB + place);
                if (sizeof(TVectors) > 2)
                    c5.Store(toC + place);
            }

            if (Pixels > 6)
            {
                place = TilePixels.Place(6, split, gap);
                a6.Store(toA + place);
                if (sizeof(TVectors) > 1)
                    b6.Store(toB + place);
                if (sizeof(TVectors) > 2)
                    c6.Store(toC + place);
            }

            if (Pixels > 7)
            {
                place = TilePixels.Place(7, split, gap);
                a7.Store(toA + place);
                if (sizeof(TVectors) > 1)
                    b7.Store(toB + place);
                if (sizeof(TVectors) > 2)
                    c7.Store(toC + place);
            }

            if (Pixels > 8)
            {
                place = TilePixels.Place(8, split, gap);
                a8.Store(toA + place);
                if (sizeof(TVectors) > 1)
                    b8.Store(toB + place);
                if (sizeof(TVectors) > 2)
                    c8.Store(toC + place);
            }

            if (Pixels > 9)
            {
                place = TilePixels.Place(9, split, gap);
                a9.Store(toA + place);
                if (sizeof(TVectors) > 1)
                    b9.Store(toB + place);
            }

            if (Pixels > 10)
            {
                place = TilePixels.Place(10, split, gap);
                a10.Store(toA + place);
                if (sizeof(TVectors) > 1)
                    b10.Store(toB + place);
            }

            if (Pixels > 11)
            {
                place = TilePixels.Place(11, split, gap);
                a11.Store(toA + place);
                if (sizeof(TVectors) > 1)
                    b11.Store(toB + place);
            }

            if (Pixels > 12)
            {
                place = TilePixels.Place(12, split, gap);
                a12.Store(toA + place);
                if (sizeof(TVectors) > 1)
                    b12.Store(toB + place);
            }

            if (Pixels > 13)
            {
                place = TilePixels.Place(13, split, gap);
                a13.Store(toA + place);
                if (sizeof(TVectors) > 1)
                    b13.Store(toB + place);
            }
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
        }

        if (Pixels > 3)
        {
            a1 += a3;
            if (sizeof(TVectors) > 1)
                b1 += b3;
            if (sizeof(TVectors) > 2)
                c1 += c3;
        }

        if (Pixels > 4)
        {
            a0 += a4;
            if (sizeof(TVectors) > 1)
                b0 += b4;
            if (sizeof(TVectors) > 2)
                c0 += c4;
        }

        if (Pixels > 5)
        {
            a1 += a5;
            if (sizeof(TVectors) > 1)
                b1 += b5;
            if (sizeof(TVectors) > 2)
                c1 += c5;
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
        }

        (Vector512.Load(sums) + a0).Store(sums);
        if (sizeof(TVectors) > 1)
            (Vector512.Load(sums + Vector512<float>.Count) + b0).Store(sums + Vector512<float>.Count);
        if (sizeof(TVectors) > 2)
            (Vector512.Load(sums + 2 * Vector512<float>.Count) + c0).Store(sums + 2 * Vector512<float>.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Pixel(float* first, float* second, int pixel) =>
        Vector512.Create(pixel < sizeof(TWidth) ? first[pixel * sizeof(TStep)] : second[(pixel - sizeof(TWidth)) * sizeof(TStep)]);
}
