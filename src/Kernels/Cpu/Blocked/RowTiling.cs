namespace ResNeSt.Kernels.Cpu;

/// <summary>How a row of output pixels is divided into register tiles: as few as possible, of nearly equal widths; narrow images go two rows at a time.</summary>
/// <typeparam name="TLanes">The vector width.</typeparam>
internal sealed unsafe class RowTiling<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    private readonly int _count;
    private readonly int _width;
    private readonly int _wider;

    // Of one and of two vectors: the wider tile, the narrower one, and the one of two rows.
    private readonly delegate*<ConvTileArguments*, void>[] _tiles = new delegate*<ConvTileArguments*, void>[6];

    /// <param name="width">Pixels of a row.</param>
    /// <param name="step">Floats from one pixel to the next in the source.</param>
    /// <param name="oneVector">Whether tiles of one vector are needed too.</param>
    public RowTiling(int width, nint step, bool oneVector)
    {
        // Steps without tiles of their own go pixel by pixel, which no network of this library needs.
        bool tiled = width == 1 || step is 1 or 2 or 16 or 32;
        int most = tiled ? ConvTiles<TLanes>.MaxPixels : 1;
        TwoRows = 2 * width <= most;
        _count = (width + most - 1) / most;
        _width = width / _count;
        _wider = width % _count;
        for (int vectors = oneVector ? 1 : 2; vectors <= 2; vectors++)
        {
            int first = 3 * (vectors - 1);
            _tiles[first + 1] = ConvTiles<TLanes>.Find(_width, false, (int)step, vectors);
            if (_wider > 0)
                _tiles[first] = ConvTiles<TLanes>.Find(_width + 1, false, (int)step, vectors);
            if (TwoRows)
                _tiles[first + 2] = ConvTiles<TLanes>.Find(_width, true, (int)step, vectors);
        }
    }

    /// <summary>Whether two rows fit into one tile.</summary>
    public bool TwoRows { get; }

    /// <summary>Tiles of a row.</summary>
    public int Count => _count;

    /// <summary>First pixel of a tile.</summary>
    public int Start(int tile) => tile * _width + Math.Min(tile, _wider);

    /// <summary>The method that computes a tile.</summary>
    public delegate*<ConvTileArguments*, void> Tile(int tile, int vectors, bool twoRows) =>
        _tiles[3 * (vectors - 1) + (twoRows ? 2 : tile < _wider ? 0 : 1)];
}
