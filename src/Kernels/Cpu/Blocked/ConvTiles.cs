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

    /// <summary>The number of vectors whose tiles need the fewest instructions for a multiply-add.</summary>
    /// <param name="pixels">Pixels in a run.</param>
    public static int BestVectors(int pixels)
    {
        int best = 1;
        double least = double.PositiveInfinity;
        for (int vectors = 1; vectors <= MaxVectors; vectors++)
        {
            int tiles = (pixels + MaxPixels(vectors) - 1) / MaxPixels(vectors);
            // A multiply-add for each vector of a pixel, a load for each pixel and, in each tile, for each vector, and what keeps the loop going.
            double instructions = pixels * vectors + pixels + tiles * (vectors + LoopInstructions);
            if (instructions / (pixels * vectors) < least)
                (best, least) = (vectors, instructions / (pixels * vectors));
        }

        return best;
    }

    /// <summary>The tile of <paramref name="width"/> pixels in one row, or in each of two rows.</summary>
    /// <param name="width">At most <see cref="MaxPixels"/>, or half of it for two rows.</param>
    /// <param name="twoRows">Whether the tile has two rows.</param>
    /// <param name="step">Floats from one pixel to the next in the source: 16 or 32 for blocks of channels, 1 or 2 for planes. Tiles of one pixel a row have no step.</param>
    /// <param name="vectors">Vectors of output channels, at most <see cref="MaxVectors"/>.</param>
    public static delegate*<ConvTileArguments*, void> Find(int width, bool twoRows, int step, int vectors) => step switch
    {
        16 => Find<N16>(width, twoRows, vectors),
        32 => Find<N32>(width, twoRows, vectors),
        1 => Find<N1>(width, twoRows, vectors),
        2 => Find<N2>(width, twoRows, vectors),
        _ when width == 1 => Find<N16>(width, twoRows, vectors),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, $"no tile of {width} pixels with this step and {vectors} vectors"),
    };

    private static delegate*<ConvTileArguments*, void> Find<TStep>(int width, bool twoRows, int vectors)
        where TStep : unmanaged => vectors switch
        {
            4 => FindNarrow<TStep, N4>(width, twoRows),
            3 => FindNarrow<TStep, N3>(width, twoRows),
            2 => Find<TStep, N2>(width, twoRows),
            _ => Find<TStep, N1>(width, twoRows),
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

    // Tiles of three and of four vectors.
    private static delegate*<ConvTileArguments*, void> FindNarrow<TStep, TVectors>(int width, bool twoRows)
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
            (1, true) => At<N1, N2, TStep, TVectors>(),
            (2, true) => At<N2, N2, TStep, TVectors>(),
            (3, true) => At<N3, N2, TStep, TVectors>(),
            (4, true) => At<N4, N2, TStep, TVectors>(),
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
