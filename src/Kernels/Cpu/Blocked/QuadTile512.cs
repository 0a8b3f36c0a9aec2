using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The register tile of four vectors of output channels and up to six pixels, for 1×1 convolutions: <see cref="ConvTile512{TWidth, TRows, TStep, TVectors}"/>
/// without taps, two input channels a step.</summary>
/// <remarks>Two channels are 48 multiply-adds, 20 loads and 6 instructions that keep the loop going. On a core of one's own a few instructions more
/// make no difference; beside a busy sibling thread, where two or three a cycle are all there is, each of them counts, those between the loops too: so
/// nothing here is a loop or a question that could be one instruction, and what happens to the sums is decided once and not for each of them.</remarks>
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
        float* source = arguments->Source, w = arguments->Weights, next = arguments->Next;
        nint blockStep = arguments->BlockStep, nextStep = arguments->NextStep;
        float* add = arguments->Residual;
        if (add != null)
        {
            for (int vector = 0; vector < Vectors; vector++)
                TilePixels.Prefetch(add + vector * arguments->ResidualSecondVector, Pixels, Block);
        }

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
        // The pixels of the block after the next one are fetched; in the last two blocks those of the next tile.
        nint left = arguments->Blocks, wrapped = sizeof(TWidth) * Block - (left - 2) * blockStep;
        float* x = source + arguments->FirstLane;
        do
        {
            float* y = x + arguments->SecondRow;
            float* end = source + (left > 1 ? Block : arguments->LastLanes);
            TilePixels.Prefetch(source + (left > 2 ? 2 * blockStep : wrapped), sizeof(TWidth), Block);
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
                    // A line for two channels is enough unless few tiles share the work.
                    if (nextStep > Block / 2)
                        Sse.Prefetch1(next + nextStep);
                    next += 2 * nextStep;
                }

                w += 2 * Vectors * Block;
                x += 2;
                if (sizeof(TRows) == 2)
                    y += 2;
            }
            while (x < end);
            source += blockStep;
            x = source;
        }
        while (--left > 0);

        nint split = arguments->Split;
        if (add != null)
        {
            nint step = arguments->ResidualSecondVector, gap = arguments->ResidualGap, place;
            float* addB = add + step, addC = addB + step, addD = addC + step;
            a0 += Vector512.Load(add);
            b0 += Vector512.Load(addB);
            c0 += Vector512.Load(addC);
            d0 += Vector512.Load(addD);

            if (Pixels > 1)
            {
                place = TilePixels.Place(1, split, gap);
                a1 += Vector512.Load(add + place);
                b1 += Vector512.Load(addB + place);
                c1 += Vector512.Load(addC + place);
                d1 += Vector512.Load(addD + place);
            }

            if (Pixels > 2)
            {
                place = TilePixels.Place(2, split, gap);
                a2 += Vector512.Load(add + place);
                b2 += Vector512.Load(addB + place);
                c2 += Vector512.Load(addC + place);
                d2 += Vector512.Load(addD + place);
            }

            if (Pixels > 3)
            {
                place = TilePixels.Place(3, split, gap);
                a3 += Vector512.Load(add + place);
                b3 += Vector512.Load(addB + place);
                c3 += Vector512.Load(addC + place);
                d3 += Vector512.Load(addD + place);
            }

            if (Pixels > 4)
            {
                place = TilePixels.Place(4, split, gap);
                a4 += Vector512.Load(add + place);
                b4 += Vector512.Load(addB + place);
                c4 += Vector512.Load(addC + place);
                d4 += Vector512.Load(addD + place);
            }

            if (Pixels > 5)
            {
                place = TilePixels.Place(5, split, gap);
                a5 += Vector512.Load(add + place);
                b5 += Vector512.Load(addB + place);
                c5 += Vector512.Load(addC + place);
                d5 += Vector512.Load(addD + place);
            }
        }

        if (arguments->Clamps)
        {
            var low = Vector512.Create(arguments->Low);
            var high = Vector512.Create(arguments->High);
            a0 = Avx512F.Min(high, Avx512F.Max(low, a0));
            b0 = Avx512F.Min(high, Avx512F.Max(low, b0));
            c0 = Avx512F.Min(high, Avx512F.Max(low, c0));
            d0 = Avx512F.Min(high, Avx512F.Max(low, d0));

            if (Pixels > 1)
            {
                a1 = Avx512F.Min(high, Avx512F.Max(low, a1));
                b1 = Avx512F.Min(high, Avx512F.Max(low, b1));
                c1 = Avx512F.Min(high, Avx512F.Max(low, c1));
                d1 = Avx512F.Min(high, Avx512F.Max(low, d1));
            }

            if (Pixels > 2)
            {
                a2 = Avx512F.Min(high, Avx512F.Max(low, a2));
                b2 = Avx512F.Min(high, Avx512F.Max(low, b2));
                c2 = Avx512F.Min(high, Avx512F.Max(low, c2));
                d2 = Avx512F.Min(high, Avx512F.Max(low, d2));
            }

            if (Pixels > 3)
            {
                a3 = Avx512F.Min(high, Avx512F.Max(low, a3));
                b3 = Avx512F.Min(high, Avx512F.Max(low, b3));
                c3 = Avx512F.Min(high, Avx512F.Max(low, c3));
                d3 = Avx512F.Min(high, Avx512F.Max(low, d3));
            }

            if (Pixels > 4)
            {
                a4 = Avx512F.Min(high, Avx512F.Max(low, a4));
                b4 = Avx512F.Min(high, Avx512F.Max(low, b4));
                c4 = Avx512F.Min(high, Avx512F.Max(low, c4));
                d4 = Avx512F.Min(high, Avx512F.Max(low, d4));
            }

            if (Pixels > 5)
            {
                a5 = Avx512F.Min(high, Avx512F.Max(low, a5));
                b5 = Avx512F.Min(high, Avx512F.Max(low, b5));
                c5 = Avx512F.Min(high, Avx512F.Max(low, c5));
                d5 = Avx512F.Min(high, Avx512F.Max(low, d5));
            }
        }

        {
            nint step = arguments->SecondVector, gap = arguments->DestinationGap, place;
            float* toA = arguments->Destination, toB = toA + step, toC = toB + step, toD = toC + step;
            a0.Store(toA);
            b0.Store(toB);
            c0.Store(toC);
            d0.Store(toD);

            if (Pixels > 1)
            {
                place = TilePixels.Place(1, split, gap);
                a1.Store(toA + place);
                b1.Store(toB + place);
                c1.Store(toC + place);
                d1.Store(toD + place);
            }

            if (Pixels > 2)
            {
                place = TilePixels.Place(2, split, gap);
                a2.Store(toA + place);
                b2.Store(toB + place);
                c2.Store(toC + place);
                d2.Store(toD + place);
            }

            if (Pixels > 3)
            {
                place = TilePixels.Place(3, split, gap);
                a3.Store(toA + place);
                b3.Store(toB + place);
                c3.Store(toC + place);
                d3.Store(toD + place);
            }

            if (Pixels > 4)
            {
                place = TilePixels.Place(4, split, gap);
                a4.Store(toA + place);
                b4.Store(toB + place);
                c4.Store(toC + place);
                d4.Store(toD + place);
            }

            if (Pixels > 5)
            {
                place = TilePixels.Place(5, split, gap);
                a5.Store(toA + place);
                b5.Store(toB + place);
                c5.Store(toC + place);
                d5.Store(toD + place);
            }
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
