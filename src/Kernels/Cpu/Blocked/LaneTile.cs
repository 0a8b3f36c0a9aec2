using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The innermost loops of convolutions with narrow groups: some pixels times one vector of channels, lane by lane, kept in registers over all
/// taps. Each output lane reads the same lane of its input, or of a few permuted copies of it.</summary>
/// <remarks>A step loads one vector of weights and multiplies it with a vector of each pixel from memory: one load for each multiply-add, which is what
/// processors can do. The numbers are types as in <see cref="ConvTile512{TWidth, TRows, TStep, TVectors}"/>.</remarks>
/// <typeparam name="TLanes">The vector width.</typeparam>
/// <typeparam name="TWidth">Pixels.</typeparam>
/// <typeparam name="TStep">Floats from one pixel to the next in the source.</typeparam>
internal static unsafe class LaneTile<TLanes, TWidth, TStep>
    where TLanes : struct, ILanes<TLanes>
    where TWidth : unmanaged
    where TStep : unmanaged
{
    /// <summary>Computes and stores the tile; weights of a step lie a block of channels apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(ConvTileArguments* arguments)
    {
        float* source = arguments->Source, w = arguments->Weights;
        var c0 = TLanes.Load(arguments->Bias);
        var c1 = c0;
        var c2 = c0;
        var c3 = c0;
        var c4 = c0;
        var c5 = c0;
        var c6 = c0;
        var c7 = c0;
        for (nint block = arguments->Blocks; block > 0; block--)
        {
            float* tapRow = source;
            for (nint r = arguments->TapRows; r > 0; r--)
            {
                float* x = tapRow;
                for (nint t = arguments->Taps; t > 0; t--)
                {
                    var v = TLanes.Load(w);
                    c0 = TLanes.MultiplyAdd(TLanes.Load(x), v, c0);
                    if (sizeof(TWidth) > 1)
                        c1 = TLanes.MultiplyAdd(TLanes.Load(x + 1 * sizeof(TStep)), v, c1);
                    if (sizeof(TWidth) > 2)
                        c2 = TLanes.MultiplyAdd(TLanes.Load(x + 2 * sizeof(TStep)), v, c2);
                    if (sizeof(TWidth) > 3)
                        c3 = TLanes.MultiplyAdd(TLanes.Load(x + 3 * sizeof(TStep)), v, c3);
                    if (sizeof(TWidth) > 4)
                        c4 = TLanes.MultiplyAdd(TLanes.Load(x + 4 * sizeof(TStep)), v, c4);
                    if (sizeof(TWidth) > 5)
                        c5 = TLanes.MultiplyAdd(TLanes.Load(x + 5 * sizeof(TStep)), v, c5);
                    if (sizeof(TWidth) > 6)
                        c6 = TLanes.MultiplyAdd(TLanes.Load(x + 6 * sizeof(TStep)), v, c6);
                    if (sizeof(TWidth) > 7)
                        c7 = TLanes.MultiplyAdd(TLanes.Load(x + 7 * sizeof(TStep)), v, c7);
                    w += BlockedLayout.Block;
                    x += arguments->TapStep;
                }

                tapRow += arguments->TapRowStep;
            }

            source += arguments->BlockStep;
        }

        if (arguments->Residual != null)
        {
            float* add = arguments->Residual;
            c0 += TLanes.Load(add);
            if (sizeof(TWidth) > 1)
                c1 += TLanes.Load(add + 1 * BlockedLayout.Block);
            if (sizeof(TWidth) > 2)
                c2 += TLanes.Load(add + 2 * BlockedLayout.Block);
            if (sizeof(TWidth) > 3)
                c3 += TLanes.Load(add + 3 * BlockedLayout.Block);
            if (sizeof(TWidth) > 4)
                c4 += TLanes.Load(add + 4 * BlockedLayout.Block);
            if (sizeof(TWidth) > 5)
                c5 += TLanes.Load(add + 5 * BlockedLayout.Block);
            if (sizeof(TWidth) > 6)
                c6 += TLanes.Load(add + 6 * BlockedLayout.Block);
            if (sizeof(TWidth) > 7)
                c7 += TLanes.Load(add + 7 * BlockedLayout.Block);
        }

        if (arguments->Clamps)
        {
            var low = TLanes.Broadcast(arguments->Low);
            var high = TLanes.Broadcast(arguments->High);
            c0 = TLanes.AtMost(TLanes.AtLeast(c0, low), high);
            if (sizeof(TWidth) > 1)
                c1 = TLanes.AtMost(TLanes.AtLeast(c1, low), high);
            if (sizeof(TWidth) > 2)
                c2 = TLanes.AtMost(TLanes.AtLeast(c2, low), high);
            if (sizeof(TWidth) > 3)
                c3 = TLanes.AtMost(TLanes.AtLeast(c3, low), high);
            if (sizeof(TWidth) > 4)
                c4 = TLanes.AtMost(TLanes.AtLeast(c4, low), high);
            if (sizeof(TWidth) > 5)
                c5 = TLanes.AtMost(TLanes.AtLeast(c5, low), high);
            if (sizeof(TWidth) > 6)
                c6 = TLanes.AtMost(TLanes.AtLeast(c6, low), high);
            if (sizeof(TWidth) > 7)
                c7 = TLanes.AtMost(TLanes.AtLeast(c7, low), high);
        }

        float* to = arguments->Destination;
        c0.Store(to);
        if (sizeof(TWidth) > 1)
            c1.Store(to + 1 * BlockedLayout.Block);
        if (sizeof(TWidth) > 2)
            c2.Store(to + 2 * BlockedLayout.Block);
        if (sizeof(TWidth) > 3)
            c3.Store(to + 3 * BlockedLayout.Block);
        if (sizeof(TWidth) > 4)
            c4.Store(to + 4 * BlockedLayout.Block);
        if (sizeof(TWidth) > 5)
            c5.Store(to + 5 * BlockedLayout.Block);
        if (sizeof(TWidth) > 6)
            c6.Store(to + 6 * BlockedLayout.Block);
        if (sizeof(TWidth) > 7)
            c7.Store(to + 7 * BlockedLayout.Block);
        if (arguments->PoolSums == null)
            return;
        if (sizeof(TWidth) > 1)
            c0 += c1;
        if (sizeof(TWidth) > 2)
            c0 += c2;
        if (sizeof(TWidth) > 3)
            c0 += c3;
        if (sizeof(TWidth) > 4)
            c0 += c4;
        if (sizeof(TWidth) > 5)
            c0 += c5;
        if (sizeof(TWidth) > 6)
            c0 += c6;
        if (sizeof(TWidth) > 7)
            c0 += c7;
        (TLanes.Load(arguments->PoolSums) + c0).Store(arguments->PoolSums);
    }
}
