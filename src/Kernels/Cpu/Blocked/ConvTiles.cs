using static ResNeSt.Kernels.Cpu.Numbers;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Finds the register tile for a number of pixels and vectors.</summary>
/// <typeparam name="TLanes">The vector width.</typeparam>
internal static unsafe class ConvTiles<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Pixels of the largest tile: with two vectors each and the weights they fill the registers.</summary>
    public static int MaxPixels => TLanes.Count >= 16 ? 14 : 6;

    /// <summary>Output channels of a panel of two vectors.</summary>
    public static int PanelWidth => 2 * TLanes.Count;

    /// <summary>The tile of <paramref name="width"/> pixels in one row, or in each of two rows.</summary>
    /// <param name="width">At most <see cref="MaxPixels"/>, or half of it for two rows.</param>
    /// <param name="twoRows">Whether the tile has two rows.</param>
    /// <param name="step">Floats from one pixel to the next in the source: 16 or 32 for blocks of channels, 1 or 2 for planes. Tiles of one pixel a row have no step.</param>
    /// <param name="vectors">Vectors of output channels, one or two.</param>
    public static delegate*<ConvTileArguments*, void> Find(int width, bool twoRows, int step, int vectors) => (step, vectors) switch
    {
        (16, 2) => Find<N16, N2>(width, twoRows),
        (16, 1) => Find<N16, N1>(width, twoRows),
        (32, 2) => Find<N32, N2>(width, twoRows),
        (32, 1) => Find<N32, N1>(width, twoRows),
        (1, 2) => Find<N1, N2>(width, twoRows),
        (1, 1) => Find<N1, N1>(width, twoRows),
        (2, 2) => Find<N2, N2>(width, twoRows),
        (2, 1) => Find<N2, N1>(width, twoRows),
        (_, 2) when width == 1 => Find<N16, N2>(width, twoRows),
        (_, 1) when width == 1 => Find<N16, N1>(width, twoRows),
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, $"no tile of {width} pixels with this step and {vectors} vectors"),
    };

    private static delegate*<ConvTileArguments*, void> Find<TStep, TVectors>(int width, bool twoRows)
        where TStep : unmanaged
        where TVectors : unmanaged => (width, twoRows) switch
        {
            (1, false) => &ConvTile<TLanes, N1, N1, TStep, TVectors>.Run,
            (2, false) => &ConvTile<TLanes, N2, N1, TStep, TVectors>.Run,
            (3, false) => &ConvTile<TLanes, N3, N1, TStep, TVectors>.Run,
            (4, false) => &ConvTile<TLanes, N4, N1, TStep, TVectors>.Run,
            (5, false) => &ConvTile<TLanes, N5, N1, TStep, TVectors>.Run,
            (6, false) => &ConvTile<TLanes, N6, N1, TStep, TVectors>.Run,
            (7, false) => &ConvTile<TLanes, N7, N1, TStep, TVectors>.Run,
            (8, false) => &ConvTile<TLanes, N8, N1, TStep, TVectors>.Run,
            (9, false) => &ConvTile<TLanes, N9, N1, TStep, TVectors>.Run,
            (10, false) => &ConvTile<TLanes, N10, N1, TStep, TVectors>.Run,
            (11, false) => &ConvTile<TLanes, N11, N1, TStep, TVectors>.Run,
            (12, false) => &ConvTile<TLanes, N12, N1, TStep, TVectors>.Run,
            (13, false) => &ConvTile<TLanes, N13, N1, TStep, TVectors>.Run,
            (14, false) => &ConvTile<TLanes, N14, N1, TStep, TVectors>.Run,
            (1, true) => &ConvTile<TLanes, N1, N2, TStep, TVectors>.Run,
            (2, true) => &ConvTile<TLanes, N2, N2, TStep, TVectors>.Run,
            (3, true) => &ConvTile<TLanes, N3, N2, TStep, TVectors>.Run,
            (4, true) => &ConvTile<TLanes, N4, N2, TStep, TVectors>.Run,
            (5, true) => &ConvTile<TLanes, N5, N2, TStep, TVectors>.Run,
            (6, true) => &ConvTile<TLanes, N6, N2, TStep, TVectors>.Run,
            (7, true) => &ConvTile<TLanes, N7, N2, TStep, TVectors>.Run,
            _ => throw new ArgumentOutOfRangeException(nameof(width), width, "no tile of this width"),
        };
}
