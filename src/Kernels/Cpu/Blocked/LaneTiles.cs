using static ResNeSt.Kernels.Cpu.Numbers;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Finds the tile of lanes for a number of pixels.</summary>
/// <typeparam name="TLanes">The vector width.</typeparam>
internal static unsafe class LaneTiles<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>The tiles of a row of pixels: as few as possible, of nearly equal widths.</summary>
    /// <param name="width">Pixels of the row.</param>
    /// <param name="stride">Pixels of the source from one to the next; other strides than one and two go pixel by pixel.</param>
    public static RowTile[] Divide(int width, int stride)
    {
        int most = stride <= 2 ? 8 : 1;
        var tiles = new RowTile[(width + most - 1) / most];
        for (int i = 0; i < tiles.Length; i++)
        {
            int start = (int)((long)width * i / tiles.Length), end = (int)((long)width * (i + 1) / tiles.Length);
            tiles[i] = new RowTile(start, 0, start, stride == 2 ? Find<N32>(end - start) : Find<N16>(end - start));
        }

        return tiles;
    }

    private static delegate*<ConvTileArguments*, void> Find<TStep>(int width)
        where TStep : unmanaged => width switch
        {
            1 => &LaneTile<TLanes, N1, TStep>.Run,
            2 => &LaneTile<TLanes, N2, TStep>.Run,
            3 => &LaneTile<TLanes, N3, TStep>.Run,
            4 => &LaneTile<TLanes, N4, TStep>.Run,
            5 => &LaneTile<TLanes, N5, TStep>.Run,
            6 => &LaneTile<TLanes, N6, TStep>.Run,
            7 => &LaneTile<TLanes, N7, TStep>.Run,
            _ => &LaneTile<TLanes, N8, TStep>.Run,
        };
}
