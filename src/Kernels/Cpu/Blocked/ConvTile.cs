using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The innermost loops of every convolution on blocked activations: some pixels times one or two vectors of output channels, kept in
/// registers over all taps and input channels.</summary>
/// <remarks>Each step loads the weights of one input channel and one tap, and multiplies them with that channel of each pixel. With 14 pixels and
/// two vectors of 512 bits that is 28 multiply-adds for 16 loads, and 31 of 32 registers. The numbers are types whose size is the number:
/// the compiler knows sizes while it reads the code, so it makes a method for each shape and never sees the lines behind its last pixel.</remarks>
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
    /// <summary>Computes and stores the tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(ConvTileArguments* arguments)
    {
        float* source = arguments->Source, w = arguments->Weights, next = arguments->Prefetch;
        nint secondRow = arguments->SecondRow;
        var c0a = arguments->Bias == null ? TLanes.Broadcast(0) : TLanes.Load(arguments->Bias);
        var c0b = sizeof(TVectors) == 1 || arguments->Bias == null ? TLanes.Broadcast(0) : TLanes.Load(arguments->Bias + TLanes.Count);
        TLanes c1a = c0a, c1b = c0b;
        TLanes c2a = c0a, c2b = c0b;
        TLanes c3a = c0a, c3b = c0b;
        TLanes c4a = c0a, c4b = c0b;
        TLanes c5a = c0a, c5b = c0b;
        TLanes c6a = c0a, c6b = c0b;
        TLanes c7a = c0a, c7b = c0b;
        TLanes c8a = c0a, c8b = c0b;
        TLanes c9a = c0a, c9b = c0b;
        TLanes c10a = c0a, c10b = c0b;
        TLanes c11a = c0a, c11b = c0b;
        TLanes c12a = c0a, c12b = c0b;
        TLanes c13a = c0a, c13b = c0b;
        for (nint block = 0; block < arguments->Blocks; block++)
        {
            nint from = block == 0 ? arguments->FirstLane : 0;
            nint count = (block == arguments->Blocks - 1 ? arguments->LastLanes : arguments->BlockLanes) - from;
            float* tapRow = source + from;
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

                        if (sizeof(TWidth) * sizeof(TRows) > 6)
                        {
                            v = Pixel(x, y, 6);
                            c6a = TLanes.MultiplyAdd(v, wa, c6a);
                            if (sizeof(TVectors) == 2)
                                c6b = TLanes.MultiplyAdd(v, wb, c6b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 7)
                        {
                            v = Pixel(x, y, 7);
                            c7a = TLanes.MultiplyAdd(v, wa, c7a);
                            if (sizeof(TVectors) == 2)
                                c7b = TLanes.MultiplyAdd(v, wb, c7b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 8)
                        {
                            v = Pixel(x, y, 8);
                            c8a = TLanes.MultiplyAdd(v, wa, c8a);
                            if (sizeof(TVectors) == 2)
                                c8b = TLanes.MultiplyAdd(v, wb, c8b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 9)
                        {
                            v = Pixel(x, y, 9);
                            c9a = TLanes.MultiplyAdd(v, wa, c9a);
                            if (sizeof(TVectors) == 2)
                                c9b = TLanes.MultiplyAdd(v, wb, c9b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 10)
                        {
                            v = Pixel(x, y, 10);
                            c10a = TLanes.MultiplyAdd(v, wa, c10a);
                            if (sizeof(TVectors) == 2)
                                c10b = TLanes.MultiplyAdd(v, wb, c10b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 11)
                        {
                            v = Pixel(x, y, 11);
                            c11a = TLanes.MultiplyAdd(v, wa, c11a);
                            if (sizeof(TVectors) == 2)
                                c11b = TLanes.MultiplyAdd(v, wb, c11b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 12)
                        {
                            v = Pixel(x, y, 12);
                            c12a = TLanes.MultiplyAdd(v, wa, c12a);
                            if (sizeof(TVectors) == 2)
                                c12b = TLanes.MultiplyAdd(v, wb, c12b);
                        }

                        if (sizeof(TWidth) * sizeof(TRows) > 13)
                        {
                            v = Pixel(x, y, 13);
                            c13a = TLanes.MultiplyAdd(v, wa, c13a);
                            if (sizeof(TVectors) == 2)
                                c13b = TLanes.MultiplyAdd(v, wb, c13b);
                        }

                        // One line a step: two tiles fetch what the tiles behind them will multiply with.
                        if (sizeof(TVectors) == 2 && Sse.IsSupported)
                        {
                            Sse.Prefetch1(next);
                            next += NativeMemoryPool.Alignment / sizeof(float);
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
            nint row = arguments->ResidualSecondRow;
            c0a += TLanes.Load(one + Place(0, row));
            if (sizeof(TVectors) == 2)
                c0b += TLanes.Load(two + Place(0, row));
            if (sizeof(TWidth) * sizeof(TRows) > 1)
            {
                c1a += TLanes.Load(one + Place(1, row));
                if (sizeof(TVectors) == 2)
                    c1b += TLanes.Load(two + Place(1, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 2)
            {
                c2a += TLanes.Load(one + Place(2, row));
                if (sizeof(TVectors) == 2)
                    c2b += TLanes.Load(two + Place(2, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 3)
            {
                c3a += TLanes.Load(one + Place(3, row));
                if (sizeof(TVectors) == 2)
                    c3b += TLanes.Load(two + Place(3, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 4)
            {
                c4a += TLanes.Load(one + Place(4, row));
                if (sizeof(TVectors) == 2)
                    c4b += TLanes.Load(two + Place(4, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 5)
            {
                c5a += TLanes.Load(one + Place(5, row));
                if (sizeof(TVectors) == 2)
                    c5b += TLanes.Load(two + Place(5, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 6)
            {
                c6a += TLanes.Load(one + Place(6, row));
                if (sizeof(TVectors) == 2)
                    c6b += TLanes.Load(two + Place(6, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 7)
            {
                c7a += TLanes.Load(one + Place(7, row));
                if (sizeof(TVectors) == 2)
                    c7b += TLanes.Load(two + Place(7, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 8)
            {
                c8a += TLanes.Load(one + Place(8, row));
                if (sizeof(TVectors) == 2)
                    c8b += TLanes.Load(two + Place(8, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 9)
            {
                c9a += TLanes.Load(one + Place(9, row));
                if (sizeof(TVectors) == 2)
                    c9b += TLanes.Load(two + Place(9, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 10)
            {
                c10a += TLanes.Load(one + Place(10, row));
                if (sizeof(TVectors) == 2)
                    c10b += TLanes.Load(two + Place(10, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 11)
            {
                c11a += TLanes.Load(one + Place(11, row));
                if (sizeof(TVectors) == 2)
                    c11b += TLanes.Load(two + Place(11, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 12)
            {
                c12a += TLanes.Load(one + Place(12, row));
                if (sizeof(TVectors) == 2)
                    c12b += TLanes.Load(two + Place(12, row));
            }

            if (sizeof(TWidth) * sizeof(TRows) > 13)
            {
                c13a += TLanes.Load(one + Place(13, row));
                if (sizeof(TVectors) == 2)
                    c13b += TLanes.Load(two + Place(13, row));
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

            if (sizeof(TWidth) * sizeof(TRows) > 6)
            {
                c6a = TLanes.AtMost(TLanes.AtLeast(c6a, low), high);
                if (sizeof(TVectors) == 2)
                    c6b = TLanes.AtMost(TLanes.AtLeast(c6b, low), high);
            }

            if (sizeof(TWidth) * sizeof(TRows) > 7)
            {
                c7a = TLanes.AtMost(TLanes.AtLeast(c7a, low), high);
                if (sizeof(TVectors) == 2)
                    c7b = TLanes.AtMost(TLanes.AtLeast(c7b, low), high);
            }

            if (sizeof(TWidth) * sizeof(TRows) > 8)
            {
                c8a = TLanes.AtMost(TLanes.AtLeast(c8a, low), high);
                if (sizeof(TVectors) == 2)
                    c8b = TLanes.AtMost(TLanes.AtLeast(c8b, low), high);
            }

            if (sizeof(TWidth) * sizeof(TRows) > 9)
            {
                c9a = TLanes.AtMost(TLanes.AtLeast(c9a, low), high);
                if (sizeof(TVectors) == 2)
                    c9b = TLanes.AtMost(TLanes.AtLeast(c9b, low), high);
            }

            if (sizeof(TWidth) * sizeof(TRows) > 10)
            {
                c10a = TLanes.AtMost(TLanes.AtLeast(c10a, low), high);
                if (sizeof(TVectors) == 2)
                    c10b = TLanes.AtMost(TLanes.AtLeast(c10b, low), high);
            }

            if (sizeof(TWidth) * sizeof(TRows) > 11)
            {
                c11a = TLanes.AtMost(TLanes.AtLeast(c11a, low), high);
                if (sizeof(TVectors) == 2)
                    c11b = TLanes.AtMost(TLanes.AtLeast(c11b, low), high);
            }

            if (sizeof(TWidth) * sizeof(TRows) > 12)
            {
                c12a = TLanes.AtMost(TLanes.AtLeast(c12a, low), high);
                if (sizeof(TVectors) == 2)
                    c12b = TLanes.AtMost(TLanes.AtLeast(c12b, low), high);
            }

            if (sizeof(TWidth) * sizeof(TRows) > 13)
            {
                c13a = TLanes.AtMost(TLanes.AtLeast(c13a, low), high);
                if (sizeof(TVectors) == 2)
                    c13b = TLanes.AtMost(TLanes.AtLeast(c13b, low), high);
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
        (TLanes.Load(sums) + c0a).Store(sums);
        if (sizeof(TVectors) == 2)
            (TLanes.Load(sums + TLanes.Count) + c0b).Store(sums + TLanes.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Pixel(float* first, float* second, int pixel) =>
        TLanes.Broadcast(pixel < sizeof(TWidth) ? first[pixel * sizeof(TStep)] : second[(pixel - sizeof(TWidth)) * sizeof(TStep)]);

    // Results lie one block of channels apart.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Place(int pixel, nint row) =>
        pixel < sizeof(TWidth) ? pixel * BlockedLayout.Block : row + (pixel - sizeof(TWidth)) * BlockedLayout.Block;
}
