using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using static ResNeSt.Kernels.Cpu.Numbers;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The innermost loop of Winograd convolutions: at one position of the transformed tiles, some tiles times one or two vectors of output
/// channels, kept in registers over all input channels.</summary>
/// <remarks>A step loads the weights of one input channel and multiplies them with that channel of each tile: with 14 tiles and two vectors of 512 bits
/// 28 multiply-adds for 16 loads, in 31 of 32 registers. Numbers are types of that size: the
/// compiler makes a method of each shape and drops what lies behind its last tile.</remarks>
/// <typeparam name="TLanes">The vector width.</typeparam>
/// <typeparam name="TTiles">Tiles, at most 14.</typeparam>
/// <typeparam name="TVectors">Vectors of output channels, one or two.</typeparam>
internal static unsafe class WinogradTile<TLanes, TTiles, TVectors>
    where TLanes : struct, ILanes<TLanes>
    where TTiles : unmanaged
    where TVectors : unmanaged
{
    private const int Line = NativeMemoryPool.Alignment / sizeof(float);

    /// <summary>m[tile, output] = Σ_c v[c, tile] · u[c, output].</summary>
    /// <param name="v">Inputs at this position, [block][tile][16 channels]; here the first channel of the first tile.</param>
    /// <param name="blockStep">Floats from one block of channels to the next.</param>
    /// <param name="lanes">Channels from the first one to the end of its block.</param>
    /// <param name="channels">Input channels.</param>
    /// <param name="u">Weights at this position, channel after channel.</param>
    /// <param name="uStep">Floats from one channel to the next.</param>
    /// <param name="m">Results of the first tile, vector after vector.</param>
    /// <param name="tileStep">Floats from one tile to the next.</param>
    /// <param name="next">Weights that will be read soon: fetched to the second-level cache, as many a step as are used up.</param>
    /// <param name="nextStep">Floats to go on in them each step; zero to fetch none.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* v, nint blockStep, nint lanes, nint channels, float* u, nint uStep, float* m, nint tileStep, float* next, nint nextStep)
    {
        TLanes zero = TLanes.Broadcast(0);
        TLanes c0 = zero, d0 = zero, c1 = zero, d1 = zero, c2 = zero, d2 = zero, c3 = zero, d3 = zero, c4 = zero, d4 = zero;
        TLanes c5 = zero, d5 = zero, c6 = zero, d6 = zero, c7 = zero, d7 = zero, c8 = zero, d8 = zero, c9 = zero, d9 = zero;
        TLanes c10 = zero, d10 = zero, c11 = zero, d11 = zero, c12 = zero, d12 = zero, c13 = zero, d13 = zero;
        while (true)
        {
            nint count = Math.Min(lanes, channels);
            float* end = v + count;
            do
            {
                var a = TLanes.Load(u);
                var b = sizeof(TVectors) == 2 ? TLanes.Load(u + TLanes.Count) : a;
                Step(0, v, a, b, ref c0, ref d0);
                Step(1, v, a, b, ref c1, ref d1);
                Step(2, v, a, b, ref c2, ref d2);
                Step(3, v, a, b, ref c3, ref d3);
                Step(4, v, a, b, ref c4, ref d4);
                Step(5, v, a, b, ref c5, ref d5);
                Step(6, v, a, b, ref c6, ref d6);
                Step(7, v, a, b, ref c7, ref d7);
                Step(8, v, a, b, ref c8, ref d8);
                Step(9, v, a, b, ref c9, ref d9);
                Step(10, v, a, b, ref c10, ref d10);
                Step(11, v, a, b, ref c11, ref d11);
                Step(12, v, a, b, ref c12, ref d12);
                Step(13, v, a, b, ref c13, ref d13);
                if (Sse.IsSupported)
                {
                    Sse.Prefetch1(next);
                    if (sizeof(TVectors) * TLanes.Count > Line)
                        Sse.Prefetch1(next + Line);
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

        Store(0, m, tileStep, c0, d0);
        Store(1, m, tileStep, c1, d1);
        Store(2, m, tileStep, c2, d2);
        Store(3, m, tileStep, c3, d3);
        Store(4, m, tileStep, c4, d4);
        Store(5, m, tileStep, c5, d5);
        Store(6, m, tileStep, c6, d6);
        Store(7, m, tileStep, c7, d7);
        Store(8, m, tileStep, c8, d8);
        Store(9, m, tileStep, c9, d9);
        Store(10, m, tileStep, c10, d10);
        Store(11, m, tileStep, c11, d11);
        Store(12, m, tileStep, c12, d12);
        Store(13, m, tileStep, c13, d13);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(int tile, float* v, TLanes a, TLanes b, ref TLanes c, ref TLanes d)
    {
        if (tile >= sizeof(TTiles))
            return;
        var x = TLanes.Broadcast(v[tile * BlockedLayout.Block]);
        c = TLanes.MultiplyAdd(x, a, c);
        if (sizeof(TVectors) == 2)
            d = TLanes.MultiplyAdd(x, b, d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(int tile, float* m, nint tileStep, TLanes c, TLanes d)
    {
        if (tile >= sizeof(TTiles))
            return;
        c.Store(m + tile * tileStep);
        if (sizeof(TVectors) == 2)
            d.Store(m + tile * tileStep + TLanes.Count);
    }
}
