using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The register tile of four vectors of output channels and up to six pixels, for 1×1 convolutions: <see cref="ConvTile512{TWidth, TRows, TStep, TVectors}"/>
/// without taps, two input channels a step.</summary>
/// <remarks>24 multiply-adds for 10 loads, and what keeps the loop going only every other time: 36 instructions in the place of 38. On a core of one's own
/// that makes no difference, beside a busy sibling thread it is 7 % of the time.</remarks>
/// <typeparam name="TWidth">Pixels of a row.</typeparam>
/// <typeparam name="TRows">Rows of pixels, one or two.</typeparam>
internal static unsafe class QuadTile512<TWidth, TRows>
    where TWidth : unmanaged
    where TRows : unmanaged
{
    private const int Vectors = 4;
    private const int Block = BlockedLayout.Block;

    private static int Pixels => sizeof(TWidth) * sizeof(TRows);

    /// <summary>Computes and stores the tile. Blocks have even numbers of channels.</summary>
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
            TileResults.PrefetchResidual(arguments, Vectors, Pixels);
        float* bias = arguments->Bias;
        var a0 = bias == null ? Vector512<float>.Zero : Vector512.Load(bias);
        var b0 = bias == null ? Vector512<float>.Zero : Vector512.Load(bias + Block);
        var c0 = bias == null ? Vector512<float>.Zero : Vector512.Load(bias + 2 * Block);
        var d0 = bias == null ? Vector512<float>.Zero : Vector512.Load(bias + 3 * Block);
        Vector512<float> a1 = a0, b1 = b0, c1 = c0, d1 = d0;
        Vector512<float> a2 = a0, b2 = b0, c2 = c0, d2 = d0;
        Vector512<float> a3 = a0, b3 = b0, c3 = c0, d3 = d0;
        Vector512<float> a4 = a0, b4 = b0, c4 = c0, d4 = d0;
        Vector512<float> a5 = a0, b5 = b0, c5 = c0, d5 = d0;
        for (nint block = 0; block < arguments->Blocks; block++)
        {
            nint from = block == 0 ? arguments->FirstLane : 0;
            float* x = source + from;
            float* y = x + secondRow;
            float* end = source + (block == arguments->Blocks - 1 ? arguments->LastLanes : arguments->BlockLanes);
            TileResults.PrefetchSource(arguments, source, block, sizeof(TWidth));
            do
            {
                var wa = Vector512.Load(w);
                var wb = Vector512.Load(w + Block);
                var wc = Vector512.Load(w + 2 * Block);
                var wd = Vector512.Load(w + 3 * Block);
                var v = Pixel(x, y, 0);
                a0 = Avx512F.FusedMultiplyAdd(v, wa, a0);
                b0 = Avx512F.FusedMultiplyAdd(v, wb, b0);
                c0 = Avx512F.FusedMultiplyAdd(v, wc, c0);
                d0 = Avx512F.FusedMultiplyAdd(v, wd, d0);
                if (Pixels > 1)
                {
                    v = Pixel(x, y, 1);
                    a1 = Avx512F.FusedMultiplyAdd(v, wa, a1);
                    b1 = Avx512F.FusedMultiplyAdd(v, wb, b1);
                    c1 = Avx512F.FusedMultiplyAdd(v, wc, c1);
                    d1 = Avx512F.FusedMultiplyAdd(v, wd, d1);
                }

                if (Pixels > 2)
                {
                    v = Pixel(x, y, 2);
                    a2 = Avx512F.FusedMultiplyAdd(v, wa, a2);
                    b2 = Avx512F.FusedMultiplyAdd(v, wb, b2);
                    c2 = Avx512F.FusedMultiplyAdd(v, wc, c2);
                    d2 = Avx512F.FusedMultiplyAdd(v, wd, d2);
                }

                if (Pixels > 3)
                {
                    v = Pixel(x, y, 3);
                    a3 = Avx512F.FusedMultiplyAdd(v, wa, a3);
                    b3 = Avx512F.FusedMultiplyAdd(v, wb, b3);
                    c3 = Avx512F.FusedMultiplyAdd(v, wc, c3);
                    d3 = Avx512F.FusedMultiplyAdd(v, wd, d3);
                }

                if (Pixels > 4)
                {
                    v = Pixel(x, y, 4);
                    a4 = Avx512F.FusedMultiplyAdd(v, wa, a4);
                    b4 = Avx512F.FusedMultiplyAdd(v, wb, b4);
                    c4 = Avx512F.FusedMultiplyAdd(v, wc, c4);
                    d4 = Avx512F.FusedMultiplyAdd(v, wd, d4);
                }

                if (Pixels > 5)
                {
                    v = Pixel(x, y, 5);
                    a5 = Avx512F.FusedMultiplyAdd(v, wa, a5);
                    b5 = Avx512F.FusedMultiplyAdd(v, wb, b5);
                    c5 = Avx512F.FusedMultiplyAdd(v, wc, c5);
                    d5 = Avx512F.FusedMultiplyAdd(v, wd, d5);
                }

                wa = Vector512.Load(w + 4 * Block);
                wb = Vector512.Load(w + 5 * Block);
                wc = Vector512.Load(w + 6 * Block);
                wd = Vector512.Load(w + 7 * Block);
                v = Pixel(x + 1, y + 1, 0);
                a0 = Avx512F.FusedMultiplyAdd(v, wa, a0);
                b0 = Avx512F.FusedMultiplyAdd(v, wb, b0);
                c0 = Avx512F.FusedMultiplyAdd(v, wc, c0);
                d0 = Avx512F.FusedMultiplyAdd(v, wd, d0);
                if (Pixels > 1)
                {
                    v = Pixel(x + 1, y + 1, 1);
                    a1 = Avx512F.FusedMultiplyAdd(v, wa, a1);
                    b1 = Avx512F.FusedMultiplyAdd(v, wb, b1);
                    c1 = Avx512F.FusedMultiplyAdd(v, wc, c1);
                    d1 = Avx512F.FusedMultiplyAdd(v, wd, d1);
                }

                if (Pixels > 2)
                {
                    v = Pixel(x + 1, y + 1, 2);
                    a2 = Avx512F.FusedMultiplyAdd(v, wa, a2);
                    b2 = Avx512F.FusedMultiplyAdd(v, wb, b2);
                    c2 = Avx512F.FusedMultiplyAdd(v, wc, c2);
                    d2 = Avx512F.FusedMultiplyAdd(v, wd, d2);
                }

                if (Pixels > 3)
                {
                    v = Pixel(x + 1, y + 1, 3);
                    a3 = Avx512F.FusedMultiplyAdd(v, wa, a3);
                    b3 = Avx512F.FusedMultiplyAdd(v, wb, b3);
                    c3 = Avx512F.FusedMultiplyAdd(v, wc, c3);
                    d3 = Avx512F.FusedMultiplyAdd(v, wd, d3);
                }

                if (Pixels > 4)
                {
                    v = Pixel(x + 1, y + 1, 4);
                    a4 = Avx512F.FusedMultiplyAdd(v, wa, a4);
                    b4 = Avx512F.FusedMultiplyAdd(v, wb, b4);
                    c4 = Avx512F.FusedMultiplyAdd(v, wc, c4);
                    d4 = Avx512F.FusedMultiplyAdd(v, wd, d4);
                }

                if (Pixels > 5)
                {
                    v = Pixel(x + 1, y + 1, 5);
                    a5 = Avx512F.FusedMultiplyAdd(v, wa, a5);
                    b5 = Avx512F.FusedMultiplyAdd(v, wb, b5);
                    c5 = Avx512F.FusedMultiplyAdd(v, wc, c5);
                    d5 = Avx512F.FusedMultiplyAdd(v, wd, d5);
                }

                if (Sse.IsSupported)
                {
                    Sse.Prefetch1(next);
                    Sse.Prefetch1(next + nextStep);
                    next += 2 * nextStep;
                }

                w += 2 * Vectors * Block;
                x += 2;
                if (sizeof(TRows) == 2)
                    y += 2;
            }
            while (x < end);
            source += arguments->BlockStep;
        }

        bool clamps = arguments->Clamps;
        var low = Vector512.Create(arguments->Low);
        var high = Vector512.Create(arguments->High);
        nint place = 0, addPlace = 0;
        a0 = TileResults.Finish(a0, adds, add + addPlace, clamps, low, high, to + place);
        b0 = TileResults.Finish(b0, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
        c0 = TileResults.Finish(c0, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
        d0 = TileResults.Finish(d0, adds, add + 3 * addStep + addPlace, clamps, low, high, to + 3 * step + place);

        if (Pixels > 1)
        {
            place = TileResults.Place(1, split, arguments->DestinationGap);
            addPlace = TileResults.Place(1, split, arguments->ResidualGap);
            a1 = TileResults.Finish(a1, adds, add + addPlace, clamps, low, high, to + place);
            b1 = TileResults.Finish(b1, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            c1 = TileResults.Finish(c1, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
            d1 = TileResults.Finish(d1, adds, add + 3 * addStep + addPlace, clamps, low, high, to + 3 * step + place);
        }

        if (Pixels > 2)
        {
            place = TileResults.Place(2, split, arguments->DestinationGap);
            addPlace = TileResults.Place(2, split, arguments->ResidualGap);
            a2 = TileResults.Finish(a2, adds, add + addPlace, clamps, low, high, to + place);
            b2 = TileResults.Finish(b2, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            c2 = TileResults.Finish(c2, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
            d2 = TileResults.Finish(d2, adds, add + 3 * addStep + addPlace, clamps, low, high, to + 3 * step + place);
        }

        if (Pixels > 3)
        {
            place = TileResults.Place(3, split, arguments->DestinationGap);
            addPlace = TileResults.Place(3, split, arguments->ResidualGap);
            a3 = TileResults.Finish(a3, adds, add + addPlace, clamps, low, high, to + place);
            b3 = TileResults.Finish(b3, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            c3 = TileResults.Finish(c3, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
            d3 = TileResults.Finish(d3, adds, add + 3 * addStep + addPlace, clamps, low, high, to + 3 * step + place);
        }

        if (Pixels > 4)
        {
            place = TileResults.Place(4, split, arguments->DestinationGap);
            addPlace = TileResults.Place(4, split, arguments->ResidualGap);
            a4 = TileResults.Finish(a4, adds, add + addPlace, clamps, low, high, to + place);
            b4 = TileResults.Finish(b4, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            c4 = TileResults.Finish(c4, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
            d4 = TileResults.Finish(d4, adds, add + 3 * addStep + addPlace, clamps, low, high, to + 3 * step + place);
        }

        if (Pixels > 5)
        {
            place = TileResults.Place(5, split, arguments->DestinationGap);
            addPlace = TileResults.Place(5, split, arguments->ResidualGap);
            a5 = TileResults.Finish(a5, adds, add + addPlace, clamps, low, high, to + place);
            b5 = TileResults.Finish(b5, adds, add + addStep + addPlace, clamps, low, high, to + step + place);
            c5 = TileResults.Finish(c5, adds, add + 2 * addStep + addPlace, clamps, low, high, to + 2 * step + place);
            d5 = TileResults.Finish(d5, adds, add + 3 * addStep + addPlace, clamps, low, high, to + 3 * step + place);
        }

        float* sums = arguments->PoolSums;
        if (sums == null)
            return;
        if (Pixels > 1)
        {
            a0 += a1;
            b0 += b1;
            c0 += c1;
            d0 += d1;
        }

        if (Pixels > 2)
        {
            a0 += a2;
            b0 += b2;
            c0 += c2;
            d0 += d2;
        }

        if (Pixels > 3)
        {
            a0 += a3;
            b0 += b3;
            c0 += c3;
            d0 += d3;
        }

        if (Pixels > 4)
        {
            a0 += a4;
            b0 += b4;
            c0 += c4;
            d0 += d4;
        }

        if (Pixels > 5)
        {
            a0 += a5;
            b0 += b5;
            c0 += c5;
            d0 += d5;
        }

        (Vector512.Load(sums) + a0).Store(sums);
        (Vector512.Load(sums + Block) + b0).Store(sums + Block);
        (Vector512.Load(sums + 2 * Block) + c0).Store(sums + 2 * Block);
        (Vector512.Load(sums + 3 * Block) + d0).Store(sums + 3 * Block);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Pixel(float* first, float* second, int pixel) =>
        Vector512.Create(pixel < sizeof(TWidth) ? first[pixel * Block] : second[(pixel - sizeof(TWidth)) * Block]);
}
