namespace ResNeSt.Kernels.Cpu;

/// <summary>How a run of output pixels is divided into register tiles: as few as possible, of at most two widths; narrow images go two rows at a time.</summary>
/// <typeparam name="TLanes">The vector width.</typeparam>
internal sealed unsafe class RowTiling<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    // By vectors, of one row and of two.
    private readonly RowTile[]?[] _one = new RowTile[]?[ConvTiles<TLanes>.MaxVectors + 1];
    private readonly RowTile[]?[] _two = new RowTile[]?[ConvTiles<TLanes>.MaxVectors + 1];

    /// <param name="pixels">Pixels of a run: of a row, or of some rows without anything between them in the source.</param>
    /// <param name="width">Pixels of a row of results.</param>
    /// <param name="step">Floats from one pixel to the next in the source.</param>
    /// <param name="panels">The panels that will be computed: their vectors count.</param>
    public RowTiling(int pixels, int width, nint step, ConvPanel[] panels)
    {
        foreach (var panel in panels)
        {
            if (_one[panel.Vectors] is not null)
                continue;
            // Steps without tiles of their own go pixel by pixel, which no network of this library needs.
            int most = pixels == 1 || step is 1 or 2 or 16 or 32 ? ConvTiles<TLanes>.MaxPixels(panel.Vectors) : 1;
            // A tile lies in two rows at most.
            _one[panel.Vectors] = Divide(pixels, Math.Min(most, width + 1), width, (int)step, panel.Vectors, twoRows: false);
            if (pixels == width && 2 * width <= most)
                _two[panel.Vectors] = Divide(pixels, most, width, (int)step, panel.Vectors, twoRows: true);
        }
    }

    /// <summary>Whether two rows fit into one tile.</summary>
    public bool TwoRows(int vectors) => _two[vectors] is not null;

    /// <summary>The tiles of a row, or of two.</summary>
    public ReadOnlySpan<RowTile> Tiles(int vectors, bool twoRows) => twoRows ? _two[vectors] : _one[vectors];

    private static RowTile[] Divide(int pixels, int most, int width, int step, int vectors, bool twoRows)
    {
        var tiles = new RowTile[(pixels + most - 1) / most];
        for (int i = 0, start = 0; i < tiles.Length; i++)
        {
            int count = pixels / tiles.Length + (i < pixels % tiles.Length ? 1 : 0);
            tiles[i] = new RowTile(start, start / width, start % width, ConvTiles<TLanes>.Find(count, twoRows, step, vectors));
            start += count;
        }

        return tiles;
    }
}

/// <summary>A register tile in a run of pixels.</summary>
/// <param name="start">Its first pixel in the run.</param>
/// <param name="row">The row of its first pixel.</param>
/// <param name="column">The column of its first pixel.</param>
/// <param name="run">The method that computes it.</param>
internal readonly unsafe struct RowTile(int start, int row, int column, delegate*<ConvTileArguments*, void> run)
{
    /// <summary>Its first pixel in the run.</summary>
    public readonly int Start = start;

    /// <summary>The row of its first pixel.</summary>
    public readonly int Row = row;

    /// <summary>The column of its first pixel.</summary>
    public readonly int Column = column;

    /// <summary>The method that computes it.</summary>
    public readonly delegate*<ConvTileArguments*, void> Run = run;
}
