using static ResNeSt.Kernels.Cpu.Numbers;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Finds the register tile for a number of pixels and vectors.</summary>
/// <typeparam name="TLanes">The vector width.</typeparam>
internal static unsafe class ConvTiles<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    // Two pointers, a line of weights to be fetched, the comparison and a share of what lies around the loop.
    private const int LoopInstructions = 5;

    /// <summary>Vectors of the widest tiles.</summary>
    public static int MaxVectors => typeof(TLanes) == typeof(Lanes512) ? 4 : 2;

    /// <summary>Pixels of the largest tile of some vectors: with them and the weights they fill the registers.</summary>
    public static int MaxPixels(int vectors) => typeof(TLanes) != typeof(Lanes512) ? 6 : vectors switch { 4 => 6, 3 => 9, _ => 14 };

    /// <summary>The number of vectors whose tiles need the fewest instructions for a multiply-add of a 1×1 convolution.</summary>
    /// <param name="pixels">Pixels in a run.</param>
    /// <param name="inputs">Input channels of a group: tiles of four vectors take two at a time.</param>
    public static int BestVectors(int pixels, int inputs)
    {
        int best = 1;
        double least = double.PositiveInfinity;
        for (int vectors = 1; vectors <= (inputs % 2 == 0 ? MaxVectors : Math.Min(MaxVectors, 3)); vectors++)
        {
            int tiles = (pixels + MaxPixels(vectors) - 1) / MaxPixels(vectors);
            // A multiply-add for each vector of a pixel, a load for each pixel and, in each tile, for each vector, and what keeps the loop going.
            double instructions = pixels * vectors + pixels + tiles * (vectors + (vectors == 4 ? LoopInstructions / 2.0 : LoopInstructions));
            if (instructions / (pixels * vectors) < least)
                (best, least) = (vectors, instructions / (pixels * vectors));
        }

        return best;
    }

    /// <summary>The tile of <paramref name="width"/> pixels in one row, or in each of two rows.</summary>
    /// <param name="width">At most <see cref="MaxPixels"/>, or half of it for two rows.</param>
    /// <param name="twoRows">Whether the tile has two rows.</param>
    /// <param name="step">Floats from one pixel to the next in the source: 16 or 32 for blocks of channels, 1 or 2 for planes; 16 for three and four
    /// vectors. Tiles of one pixel a row have no step.</param>
    /// <param name="vectors">Vectors of output channels, at most <see cref="MaxVectors"/>.</param>
    public static delegate*<ConvTileArguments*, void> Find(int width, bool twoRows, int step, int vectors) => vectors switch
    {
        4 => FindQuad(width, twoRows),
        3 => Find<N16, N3>(width, twoRows),
        2 => Find<N2>(width, twoRows, step),
        _ => Find<N1>(width, twoRows, step),
    };

    private static delegate*<ConvTileArguments*, void> Find<TVectors>(int width, bool twoRows, int step)
        where TVectors : unmanaged => step switch
        {
            16 => Find<N16, TVectors>(width, twoRows),
            32 => Find<N32, TVectors>(width, twoRows),
            1 => Find<N1, TVectors>(width, twoRows),
            2 => Find<N2, TVectors>(width, twoRows),
            _ when width == 1 => Find<N16, TVectors>(width, twoRows),
            _ => throw new ArgumentOutOfRangeException(nameof(step), step, $"no tile of {width} pixels with this step"),
        };

    private static delegate*<ConvTileArguments*, void> Find<TStep, TVectors>(int width, bool twoRows)
        where TStep : unmanaged
        where TVectors : unmanaged => (width, twoRows) switch
        {
            (1, false) => At<N1, N1, TStep, TVectors>(),
            (2, false) => At<N2, N1, TStep, TVectors>(),
            (3, false) => At<N3, N1, TStep, TVectors>(),
            (4, false) => At<N4, N1, TStep, TVectors>(),
            (5, false) => At<N5, N1, TStep, TVectors>(),
            (6, false) => At<N6, N1, TStep, TVectors>(),
            (7, false) => At<N7, N1, TStep, TVectors>(),
            (8, false) => At<N8, N1, TStep, TVectors>(),
            (9, false) => At<N9, N1, TStep, TVectors>(),
            (10, false) => At<N10, N1, TStep, TVectors>(),
            (11, false) => At<N11, N1, TStep, TVectors>(),
            (12, false) => At<N12, N1, TStep, TVectors>(),
            (13, false) => At<N13, N1, TStep, TVectors>(),
            (14, false) => At<N14, N1, TStep, TVectors>(),
            (1, true) => At<N1, N2, TStep, TVectors>(),
            (2, true) => At<N2, N2, TStep, TVectors>(),
            (3, true) => At<N3, N2, TStep, TVectors>(),
            (4, true) => At<N4, N2, TStep, TVectors>(),
            (5, true) => At<N5, N2, TStep, TVectors>(),
            (6, true) => At<N6, N2, TStep, TVectors>(),
            (7, true) => At<N7, N2, TStep, TVectors>(),
            _ => throw new ArgumentOutOfRangeException(nameof(width), width, "no tile of this width"),
        };

    private static delegate*<ConvTileArguments*, void> FindQuad(int width, bool twoRows) => (width, twoRows) switch
    {
        (1, false) => &QuadTile512<N1, N1>.Run,
        (2, false) => &QuadTile512<N2, N1>.Run,
        (3, false) => &QuadTile512<N3, N1>.Run,
        (4, false) => &QuadTile512<N4, N1>.Run,
        (5, false) => &QuadTile512<N5, N1>.Run,
        (6, false) => &QuadTile512<N6, N1>.Run,
        (1, true) => &QuadTile512<N1, N2>.Run,
        (2, true) => &QuadTile512<N2, N2>.Run,
        (3, true) => &QuadTile512<N3, N2>.Run,
        _ => throw new ArgumentOutOfRangeException(nameof(width), width, "no tile of this width"),
    };

    private static delegate*<ConvTileArguments*, void> At<TWidth, TRows, TStep, TVectors>()
        where TWidth : unmanaged
        where TRows : unmanaged
        where TStep : unmanaged
        where TVectors : unmanaged
    {
        if (typeof(TLanes) == typeof(Lanes512))
            return &ConvTile512<TWidth, TRows, TStep, TVectors>.Run;
        return &ConvTile<TLanes, TWidth, TRows, TStep, TVectors>.Run;
    }
}
