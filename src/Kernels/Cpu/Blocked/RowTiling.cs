namespace ResNeSt.Kernels.Cpu;

/// <summary>How a row of output pixels is divided into register tiles: as few as possible, of nearly equal widths; narrow images go two rows at a time.</summary>
/// <typeparam name="TLanes">The vector width.</typeparam>
internal sealed unsafe class RowTiling<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    // Of one row and of two, each with one and with two vectors.
    private readonly RowTile[][] _tiles = new RowTile[4][];

    /// <param name="width">Pixels of a row.</param>
    /// <param name="step">Floats from one pixel to the next in the source.</param>
    /// <param name="oneVector">Whether tiles of one vector are needed too.</param>
    public RowTiling(int width, nint step, bool oneVector)
    {
        // Steps without tiles of their own go pixel by pixel, which no network of this library needs.
        int most = width == 1 || step is 1 or 2 or 16 or 32 ? ConvTiles<TLanes>.MaxPixels : 1;
        TwoRows = 2 * width <= most;
        for (int vectors = oneVector ? 1 : 2; vectors <= 2; vectors++)
        {
            _tiles[vectors - 1] = Divide(width, most, (int)step, vectors, twoRows: false);
            if (TwoRows)
                _tiles[vectors + 1] = Divide(width, most, (int)step, vectors, twoRows: true);
        }
    }

    /// <summary>Whether two rows fit into one tile.</summary>
    public bool TwoRows { get; }

    /// <summary>The tiles of a row, or of two.</summary>
    public ReadOnlySpan<RowTile> Tiles(int vectors, bool twoRows) => _tiles[vectors - 1 + (twoRows ? 2 : 0)];

    private static RowTile[] Divide(int width, int most, int step, int vectors, bool twoRows)
    {
        var tiles = new RowTile[(width + most - 1) / most];
        for (int i = 0; i < tiles.Length; i++)
        {
            int start = (int)((long)width * i / tiles.Length), end = (int)((long)width * (i + 1) / tiles.Length);
            tiles[i] = new RowTile(start, ConvTiles<TLanes>.Find(end - start, twoRows, step, vectors));
        }

        return tiles;
    }
}

/// <summary>A register tile in a row.</summary>
/// <param name="start">Its first pixel.</param>
/// <param name="run">The method that computes it.</param>
internal readonly unsafe struct RowTile(int start, delegate*<ConvTileArguments*, void> run)
{
    /// <summary>Its first pixel.</summary>
    public readonly int Start = start;

    /// <summary>The method that computes it.</summary>
    public readonly delegate*<ConvTileArguments*, void> Run = run;
}
