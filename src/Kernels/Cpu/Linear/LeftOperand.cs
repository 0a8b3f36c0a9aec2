namespace ResNeSt.Kernels.Cpu;

/// <summary>The left operand of a matrix product: packed beforehand, or rows of which a tile is packed whenever it is asked for.</summary>
/// <remarks>Packing beforehand writes and reads the operand once more, through memory if it is large. That pays only where its tiles meet many columns.</remarks>
internal readonly unsafe struct LeftOperand
{
    private readonly float* _values;
    private readonly nint _rowStride;
    private readonly TermLayout _layout;
    private readonly bool _isPacked;

    private LeftOperand(float* values, nint rowStride, TermLayout layout, bool isPacked)
    {
        _values = values;
        _rowStride = rowStride;
        _layout = layout;
        _isPacked = isPacked;
    }

    /// <summary>An operand packed by <see cref="LeftPacking"/>, all its terms.</summary>
    public static LeftOperand Packed(float* packed) => new(packed, 0, default, true);

    /// <summary>Rows as they lie; blocks of terms must be whole runs of taps.</summary>
    /// <param name="source">First row.</param>
    /// <param name="rowStride">Elements from one row to the next.</param>
    /// <param name="layout">Where the terms of a row lie.</param>
    public static LeftOperand Rows(float* source, nint rowStride, TermLayout layout) => new(source, rowStride, layout, false);

    /// <summary>Some terms of one tile, packed; valid until the next call on this thread.</summary>
    /// <param name="tiles">The division into tiles.</param>
    /// <param name="tile">Which tile.</param>
    /// <param name="firstTerm">First term.</param>
    /// <param name="count">Number of terms.</param>
    /// <param name="terms">Terms of the whole operand.</param>
    public float* Tile(in RowTiles tiles, int tile, int firstTerm, int count, int terms)
    {
        int start = tiles.StartOf(tile), size = tiles.SizeOf(tile);
        if (_isPacked)
            return _values + (nint)start * terms + (nint)firstTerm * size;
        float* packed = ThreadScratch.Floats(ThreadScratch.Use.Rows, (long)size * count);
        float* source = _values + start * _rowStride + firstTerm / _layout.Taps.Length * _layout.Stride;
        LeftPacking.Pack(source, _rowStride, Math.Min(size, tiles.Rows - start), size, _layout, count, packed);
        return packed;
    }
}
