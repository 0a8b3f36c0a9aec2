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
        float* to = arguments->Destination;
        float* add = arguments->Residual;
        nint step = arguments->SecondVector, addStep = arguments->ResidualSecondVector, split = arguments->Split;
        bool adds = add != null;
        if (adds)
            TileResults.PrefetchResidual(arguments, sizeof(TVectors), Pixels);
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
        for (nint block = 0; block < arguments->Blocks; block++)
        {
            nint from = block == 0 ? arguments->FirstLane : 0;
            nint count = (block == arguments->Blocks - 1 ? arguments->LastLanes : arguments->BlockLanes) - from;
            float* tapRow = source + from;
            TileResults.PrefetchSource(arguments, source, block, sizeof(TWidth), sizeof(TStep));
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
        }

        bool clamps = arguments->Clamps;
        var low = Vector512.Create(arguments->Low);
        var high = Vector512.Create(arguments->High);
        nint place = 0, addPlace = 0;
        a0 = TileResults.Finish(a0, adds, add + addPlace, clamps, low, high, to + place);
        if (sizeof(TVectors) > 1)
            b0 = TileResults.Finish(b0, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
        if (sizeof(TVectors) > 2)
            c0 = TileResults.Finish(c0, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
        if (Pixels > 1)
        {
            place = TileResults.Place(1, split, arguments->DestinationGap);
            addPlace = TileResults.Place(1, split, arguments->ResidualGap);
            a1 = TileResults.Finish(a1, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b1 = TileResults.Finish(b1, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            if (sizeof(TVectors) > 2)
                c1 = TileResults.Finish(c1, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
        }

        if (Pixels > 2)
        {
            place = TileResults.Place(2, split, arguments->DestinationGap);
            addPlace = TileResults.Place(2, split, arguments->ResidualGap);
            a2 = TileResults.Finish(a2, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b2 = TileResults.Finish(b2, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            if (sizeof(TVectors) > 2)
                c2 = TileResults.Finish(c2, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
        }

        if (Pixels > 3)
        {
            place = TileResults.Place(3, split, arguments->DestinationGap);
            addPlace = TileResults.Place(3, split, arguments->ResidualGap);
            a3 = TileResults.Finish(a3, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b3 = TileResults.Finish(b3, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            if (sizeof(TVectors) > 2)
                c3 = TileResults.Finish(c3, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
        }

        if (Pixels > 4)
        {
            place = TileResults.Place(4, split, arguments->DestinationGap);
            addPlace = TileResults.Place(4, split, arguments->ResidualGap);
            a4 = TileResults.Finish(a4, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b4 = TileResults.Finish(b4, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            if (sizeof(TVectors) > 2)
                c4 = TileResults.Finish(c4, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
        }

        if (Pixels > 5)
        {
            place = TileResults.Place(5, split, arguments->DestinationGap);
            addPlace = TileResults.Place(5, split, arguments->ResidualGap);
            a5 = TileResults.Finish(a5, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b5 = TileResults.Finish(b5, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            if (sizeof(TVectors) > 2)
                c5 = TileResults.Finish(c5, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
        }

        if (Pixels > 6)
        {
            place = TileResults.Place(6, split, arguments->DestinationGap);
            addPlace = TileResults.Place(6, split, arguments->ResidualGap);
            a6 = TileResults.Finish(a6, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b6 = TileResults.Finish(b6, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            if (sizeof(TVectors) > 2)
                c6 = TileResults.Finish(c6, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
        }

        if (Pixels > 7)
        {
            place = TileResults.Place(7, split, arguments->DestinationGap);
            addPlace = TileResults.Place(7, split, arguments->ResidualGap);
            a7 = TileResults.Finish(a7, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b7 = TileResults.Finish(b7, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            if (sizeof(TVectors) > 2)
                c7 = TileResults.Finish(c7, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
        }

        if (Pixels > 8)
        {
            place = TileResults.Place(8, split, arguments->DestinationGap);
            addPlace = TileResults.Place(8, split, arguments->ResidualGap);
            a8 = TileResults.Finish(a8, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b8 = TileResults.Finish(b8, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            if (sizeof(TVectors) > 2)
                c8 = TileResults.Finish(c8, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
        }

        if (Pixels > 9)
        {
            place = TileResults.Place(9, split, arguments->DestinationGap);
            addPlace = TileResults.Place(9, split, arguments->ResidualGap);
            a9 = TileResults.Finish(a9, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b9 = TileResults.Finish(b9, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
        }

        if (Pixels > 10)
        {
            place = TileResults.Place(10, split, arguments->DestinationGap);
            addPlace = TileResults.Place(10, split, arguments->ResidualGap);
            a10 = TileResults.Finish(a10, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b10 = TileResults.Finish(b10, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
        }

        if (Pixels > 11)
        {
            place = TileResults.Place(11, split, arguments->DestinationGap);
            addPlace = TileResults.Place(11, split, arguments->ResidualGap);
            a11 = TileResults.Finish(a11, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b11 = TileResults.Finish(b11, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
        }

        if (Pixels > 12)
        {
            place = TileResults.Place(12, split, arguments->DestinationGap);
            addPlace = TileResults.Place(12, split, arguments->ResidualGap);
            a12 = TileResults.Finish(a12, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b12 = TileResults.Finish(b12, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
        }

        if (Pixels > 13)
        {
            place = TileResults.Place(13, split, arguments->DestinationGap);
            addPlace = TileResults.Place(13, split, arguments->ResidualGap);
            a13 = TileResults.Finish(a13, adds, add + addPlace, clamps, low, high, to + place);
            if (sizeof(TVectors) > 1)
                b13 = TileResults.Finish(b13, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
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
