using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The innermost loops of convolutions on blocked activations for any vector width: up to 6 pixels times one or two vectors of output
/// channels, kept in registers over all taps and input channels.</summary>
/// <remarks>Six pixels and two vectors need 15 of the 16 registers of AVX2. <see cref="ConvTile512{TWidth, TRows, TStep, TVectors}"/> is the same
/// for 14 pixels.</remarks>
/// <typeparam name="TLanes">The vector width.</typeparam>
/// <typeparam name="TWidth">Pixels of a row.</typeparam>
/// <typeparam name="TRows">Rows of pixels, one or two.</typeparam>
/// <typeparam name="TStep">Floats from one pixel to the next in the source.</typeparam>
/// <typeparam name="TVectors">Vectors of output channels, one or two.</typeparam>
internal static unsafe class ConvTile<TLanes, TWidth, TRows, TStep, TVectors>
    where TLanes : struct, ILanes<TLanes>
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
        float* source = arguments->Source, w = arguments->Weights;
        nint secondRow = arguments->SecondRow, nextStep = arguments->NextStep;
        float* next = arguments->Next;
        if (arguments->Residual != null && Sse.IsSupported)
        {
            // It comes from the third-level cache, or farther, while the sums are computed.
            for (int pixel = 0; pixel < sizeof(TWidth) * sizeof(TRows); pixel++)
            {
                float* add = arguments->Residual + Place(pixel, arguments->Split, arguments->ResidualGap);
                Sse.Prefetch0(add);
                if (sizeof(TVectors) == 2)
                    Sse.Prefetch0(add + arguments->ResidualSecondVector);
            }
        }

        var c0a = arguments->Bias == null ? TLanes.Broadcast(0) : TLanes.Load(arguments->Bias);
        var c0b = sizeof(TVectors) == 1 || arguments->Bias == null ? TLanes.Broadcast(0) : TLanes.Load(arguments->Bias + TLanes.Count);
        TLanes c1a = c0a, c1b = c0b;
        TLanes c2a = c0a, c2b = c0b;
        TLanes c3a = c0a, c3b = c0b;
        TLanes c4a = c0a, c4b = c0b;
        TLanes c5a = c0a, c5b = c0b;
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
                    do
                    {
                        var wa = TLanes.Load(w);
                        var wb = sizeof(TVectors) == 2 ? TLanes.Load(w + TLanes.Count) : wa;
                        var v = Pixel(x, y, 0);
                        c0a = TLanes.MultiplyAdd(v, wa, c0a);
                        if (sizeof(TVectors) == 2)
                            c0b = TLanes.MultiplyAdd(v, wb, c0b);
                        if (sizeof(TWidth) * sizeof(TRows) > 1)
                        {
                            v = Pixel(x, y, 1);
                            c1a = TLanes.MultiplyAdd(v, wa, c1a);
                            if (sizeof(TVectors) == 2)
                                c1b = TLanes.MultiplyAdd(v, wb, c1b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 2)
                        {
                            v = Pixel(x, y, 2);
                            c2a = TLanes.MultiplyAdd(v, wa, c2a);
                            if (sizeof(TVectors) == 2)
                                c2b = TLanes.MultiplyAdd(v, wb, c2b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 3)
                        {
                            v = Pixel(x, y, 3);
                            c3a = TLanes.MultiplyAdd(v, wa, c3a);
                            if (sizeof(TVectors) == 2)
                                c3b = TLanes.MultiplyAdd(v, wb, c3b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 4)
                        {
                            v = Pixel(x, y, 4);
                            c4a = TLanes.MultiplyAdd(v, wa, c4a);
                            if (sizeof(TVectors) == 2)
                                c4b = TLanes.MultiplyAdd(v, wb, c4b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 5)
                        {
                            v = Pixel(x, y, 5);
                            c5a = TLanes.MultiplyAdd(v, wa, c5a);
                            if (sizeof(TVectors) == 2)
                                c5b = TLanes.MultiplyAdd(v, wb, c5b);
                        }

                        if (Sse.IsSupported)
                        {
                            Sse.Prefetch1(next);
                            next += nextStep;
                        }

                        w += sizeof(TVectors) * TLanes.Count;
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
            nint split = arguments->Split, gap = arguments->ResidualGap;
            c0a += TLanes.Load(one + Place(0, split, gap));
            if (sizeof(TVectors) == 2)
                c0b += TLanes.Load(two + Place(0, split, gap));
            if (sizeof(TWidth) * sizeof(TRows) > 1)
            {
                c1a += TLanes.Load(one + Place(1, split, gap));
                if (sizeof(TVectors) == 2)
                    c1b += TLanes.Load(two + Place(1, split, gap));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 2)
            {
                c2a += TLanes.Load(one + Place(2, split, gap));
                if (sizeof(TVectors) == 2)
                    c2b += TLanes.Load(two + Place(2, split, gap));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 3)
            {
                c3a += TLanes.Load(one + Place(3, split, gap));
                if (sizeof(TVectors) == 2)
                    c3b += TLanes.Load(two + Place(3, split, gap));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 4)
            {
                c4a += TLanes.Load(one + Place(4, split, gap));
                if (sizeof(TVectors) == 2)
                    c4b += TLanes.Load(two + Place(4, split, gap));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 5)
            {
                c5a += TLanes.Load(one + Place(5, split, gap));
                if (sizeof(TVectors) == 2)
                    c5b += TLanes.Load(two + Place(5, split, gap));
            }
        }

        if (arguments->Clamps)
        {
            var low = TLanes.Broadcast(arguments->Low);
            var high = TLanes.Broadcast(arguments->High);
            c0a = TLanes.AtMost(TLanes.AtLeast(c0a, low), high);
            if (sizeof(TVectors) == 2)
                c0b = TLanes.AtMost(TLanes.AtLeast(c0b, low), high);
            if (sizeof(TWidth) * sizeof(TRows) > 1)
            {
                c1a = TLanes.AtMost(TLanes.AtLeast(c1a, low), high);
                if (sizeof(TVectors) == 2)
                    c1b = TLanes.AtMost(TLanes.AtLeast(c1b, low), high);
            }

            if (sizeof(TWidth) * sizeof(TRows) > 2)
            {
                c2a = TLanes.AtMost(TLanes.AtLeast(c2a, low), high);
                if (sizeof(TVectors) == 2)
                    c2b = TLanes.AtMost(TLanes.AtLeast(c2b, low), high);
            }

            if (sizeof(TWidth) * sizeof(TRows) > 3)
            {
                c3a = TLanes.AtMost(TLanes.AtLeast(c3a, low), high);
                if (sizeof(TVectors) == 2)
                    c3b = TLanes.AtMost(TLanes.AtLeast(c3b, low), high);
            }

            if (sizeof(TWidth) * sizeof(TRows) > 4)
            {
                c4a = TLanes.AtMost(TLanes.AtLeast(c4a, low), high);
                if (sizeof(TVectors) == 2)
                    c4b = TLanes.AtMost(TLanes.AtLeast(c4b, low), high);
            }

            if (sizeof(TWidth) * sizeof(TRows) > 5)
            {
                c5a = TLanes.AtMost(TLanes.AtLeast(c5a, low), high);
                if (sizeof(TVectors) == 2)
                    c5b = TLanes.AtMost(TLanes.AtLeast(c5b, low), high);
            }
        }

        {
            float* one = arguments->Destination;
            float* two = one + arguments->SecondVector;
            nint split = arguments->Split, gap = arguments->DestinationGap;
            c0a.Store(one + Place(0, split, gap));
            if (sizeof(TVectors) == 2)
                c0b.Store(two + Place(0, split, gap));
            if (sizeof(TWidth) * sizeof(TRows) > 1)
            {
                c1a.Store(one + Place(1, split, gap));
                if (sizeof(TVectors) == 2)
                    c1b.Store(two + Place(1, split, gap));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 2)
            {
                c2a.Store(one + Place(2, split, gap));
                if (sizeof(TVectors) == 2)
                    c2b.Store(two + Place(2, split, gap));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 3)
            {
                c3a.Store(one + Place(3, split, gap));
                if (sizeof(TVectors) == 2)
                    c3b.Store(two + Place(3, split, gap));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 4)
            {
                c4a.Store(one + Place(4, split, gap));
                if (sizeof(TVectors) == 2)
                    c4b.Store(two + Place(4, split, gap));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 5)
            {
                c5a.Store(one + Place(5, split, gap));
                if (sizeof(TVectors) == 2)
                    c5b.Store(two + Place(5, split, gap));
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

        if (sizeof(TWidth) * sizeof(TRows) > 1)
        {
            c0a += c1a;
            if (sizeof(TVectors) == 2)
                c0b += c1b;
        }

        float* sums = arguments->PoolSums;
        (TLanes.Load(sums) + c0a).Store(sums);
        if (sizeof(TVectors) == 2)
            (TLanes.Load(sums + TLanes.Count) + c0b).Store(sums + TLanes.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Pixel(float* first, float* second, int pixel) =>
        TLanes.Broadcast(pixel < sizeof(TWidth) ? first[pixel * sizeof(TStep)] : second[(pixel - sizeof(TWidth)) * sizeof(TStep)]);

    // Results lie one block of channels apart.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Place(int pixel, nint split, nint gap) => pixel * BlockedLayout.Block + (pixel >= split ? gap : 0);
}
