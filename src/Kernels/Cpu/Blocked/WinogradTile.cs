using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The same as <see cref="WinogradTile512{TTiles, TVectors}"/> for 128-bit vectors and without any: 6 tiles and two vectors are 12 multiply-adds for
/// 8 loads, in 15 of 16 registers.</summary>
/// <typeparam name="TLanes">The vector width.</typeparam>
/// <typeparam name="TTiles">Tiles, at most 6.</typeparam>
/// <typeparam name="TVectors">Vectors of output channels, one or two.</typeparam>
internal static unsafe class WinogradTile<TLanes, TTiles, TVectors>
    where TLanes : struct, ILanes<TLanes>
    where TTiles : unmanaged
    where TVectors : unmanaged
{
    /// <inheritdoc cref="WinogradTile512{TTiles, TVectors}.Multiply"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* v, nint blockStep, nint lanes, nint channels, float* u, nint uStep, float* m, nint tileStep, float* next, nint nextStep)
    {
        TLanes c0 = TLanes.Broadcast(0), d0 = c0;
        TLanes c1 = c0, d1 = c0;
        TLanes c2 = c0, d2 = c0;
        TLanes c3 = c0, d3 = c0;
        TLanes c4 = c0, d4 = c0;
        TLanes c5 = c0, d5 = c0;
        while (true)
        {
            nint count = Math.Min(lanes, channels);
            float* end = v + count;
            do
            {
                var a = TLanes.Load(u);
                var b = sizeof(TVectors) == 2 ? TLanes.Load(u + TLanes.Count) : a;
                var x = TLanes.Broadcast(v[0]);
                c0 = TLanes.MultiplyAdd(x, a, c0);
                if (sizeof(TVectors) == 2)
                    d0 = TLanes.MultiplyAdd(x, b, d0);
                if (sizeof(TTiles) > 1)
                {
                    x = TLanes.Broadcast(v[BlockedLayout.Block]);
                    c1 = TLanes.MultiplyAdd(x, a, c1);
                    if (sizeof(TVectors) == 2)
                        d1 = TLanes.MultiplyAdd(x, b, d1);
                }

                if (sizeof(TTiles) > 2)
                {
                    x = TLanes.Broadcast(v[2 * BlockedLayout.Block]);
                    c2 = TLanes.MultiplyAdd(x, a, c2);
                    if (sizeof(TVectors) == 2)
                        d2 = TLanes.MultiplyAdd(x, b, d2);
                }

                if (sizeof(TTiles) > 3)
                {
                    x = TLanes.Broadcast(v[3 * BlockedLayout.Block]);
                    c3 = TLanes.MultiplyAdd(x, a, c3);
                    if (sizeof(TVectors) == 2)
                        d3 = TLanes.MultiplyAdd(x, b, d3);
                }

                if (sizeof(TTiles) > 4)
                {
                    x = TLanes.Broadcast(v[4 * BlockedLayout.Block]);
                    c4 = TLanes.MultiplyAdd(x, a, c4);
                    if (sizeof(TVectors) == 2)
                        d4 = TLanes.MultiplyAdd(x, b, d4);
                }

                if (sizeof(TTiles) > 5)
                {
                    x = TLanes.Broadcast(v[5 * BlockedLayout.Block]);
                    c5 = TLanes.MultiplyAdd(x, a, c5);
                    if (sizeof(TVectors) == 2)
                        d5 = TLanes.MultiplyAdd(x, b, d5);
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
        if (sizeof(TVectors) == 2)
            d0.Store(m + TLanes.Count);
        if (sizeof(TTiles) > 1)
        {
            m += tileStep;
            c1.Store(m);
            if (sizeof(TVectors) == 2)
                d1.Store(m + TLanes.Count);
        }

        if (sizeof(TTiles) > 2)
        {
            m += tileStep;
            c2.Store(m);
            if (sizeof(TVectors) == 2)
                d2.Store(m + TLanes.Count);
        }

        if (sizeof(TTiles) > 3)
        {
            m += tileStep;
            c3.Store(m);
            if (sizeof(TVectors) == 2)
                d3.Store(m + TLanes.Count);
        }

        if (sizeof(TTiles) > 4)
        {
            m += tileStep;
            c4.Store(m);
            if (sizeof(TVectors) == 2)
                d4.Store(m + TLanes.Count);
        }

        if (sizeof(TTiles) > 5)
        {
            m += tileStep;
            c5.Store(m);
            if (sizeof(TVectors) == 2)
                d5.Store(m + TLanes.Count);
        }
    }
}
