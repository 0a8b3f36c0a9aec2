namespace ResNeSt.Kernels.Cpu;

/// <summary>How the rows of a left operand are divided into tiles for <see cref="GemmTile{TLanes}"/>: large ones first, and the last ones
/// chosen so that at most a few rows of zeros are added.</summary>
/// <remarks>In units of 4 rows (2 where there are 16 registers only) a large tile has three, a middle one two. Four units are two middle tiles,
/// not a large and a small one, for small tiles are slow.</remarks>
internal readonly struct RowTiles
{
    private readonly int _unit, _large, _middle;

    private RowTiles(int rows, int unit)
    {
        _unit = unit;
        Rows = rows;
        int units = (rows + unit - 1) / unit;
        _middle = units == 1 ? 0 : (3 - units % 3) % 3;
        _large = units == 1 ? 0 : (units - 2 * _middle) / 3;
        Count = _large + _middle + (units == 1 ? 1 : 0);
        Padded = units * unit;
    }

    /// <summary>Rows without padding.</summary>
    public int Rows { get; }

    /// <summary>Rows of all tiles.</summary>
    public int Padded { get; }

    /// <summary>Number of tiles.</summary>
    public int Count { get; }

    /// <summary>The division for a vector width.</summary>
    public static RowTiles For<TLanes>(int rows)
        where TLanes : struct, ILanes<TLanes> => new(rows, TLanes.Count >= 16 ? 4 : 2);

    /// <summary>Rows of a tile.</summary>
    public int SizeOf(int tile) => tile < _large ? 3 * _unit : tile < _large + _middle ? 2 * _unit : _unit;

    /// <summary>First row of a tile; of the tile behind the last, <see cref="Padded"/>.</summary>
    public int StartOf(int tile) => tile <= _large ? tile * 3 * _unit : _large * 3 * _unit + Math.Min(tile - _large, _middle) * 2 * _unit + Math.Max(0, tile - _large - _middle) * _unit;
}
