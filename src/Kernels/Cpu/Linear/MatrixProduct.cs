namespace ResNeSt.Kernels.Cpu;

/// <summary>Products of matrices in memory, one of a batch at a time or a single one: C = A · B + bias of the rows.</summary>
/// <remarks>Both operands may lie either way round; of each, one stride is one. Products with few rows or columns on one side are not packed, if the terms
/// lie side by side in both operands: packing would cost more than the product.</remarks>
internal sealed unsafe class MatrixProduct
{
    /// <summary>Rows that are worth packing the same columns once more for.</summary>
    private const int RowBlock = 192;

    /// <summary>Rows of C.</summary>
    public required int Rows { get; init; }

    /// <summary>Columns of C.</summary>
    public required int Columns { get; init; }

    /// <summary>Length of the sums.</summary>
    public required int Terms { get; init; }

    /// <summary>Elements from one row of A to the next.</summary>
    public required nint LeftRowStride { get; init; }

    /// <summary>Elements from one term of A to the next.</summary>
    public required nint LeftTermStride { get; init; }

    /// <summary>Elements from one term of B to the next.</summary>
    public required nint RightTermStride { get; init; }

    /// <summary>Elements from one column of B to the next.</summary>
    public required nint RightColumnStride { get; init; }

    /// <summary>Elements from one row of C to the next.</summary>
    public required nint RowStride { get; init; }

    /// <summary>Elements from one column of C to the next.</summary>
    public required nint ColumnStride { get; init; }

    /// <summary>Never pack: for results whose columns do not lie side by side.</summary>
    public bool Unpacked { get; init; }

    /// <summary>Packing an element costs as much as one or two multiply-adds of vectors, adding up the lanes of a sum as much as ten.</summary>
    private bool IsThin => Unpacked || (LeftTermStride == 1 && RightTermStride == 1 && Terms * ((long)Rows + Columns) > 6L * Rows * Columns);

    /// <summary>Elements that packing one left operand takes; zero if it is not packed.</summary>
    public long PackedLength<TLanes>()
        where TLanes : struct, ILanes<TLanes> => IsThin ? 0 : (long)RowTiles.For<TLanes>(Rows).Padded * Terms;

    /// <summary>Pieces that one product is divided into.</summary>
    public int Pieces<TLanes>()
        where TLanes : struct, ILanes<TLanes> => IsThin ? DivideUp(Rows, ThinRows) * DivideUp(Columns, ThinColumns) : RowBlocks * DivideUp(Columns, GemmBlock.Columns);

    private int RowBlocks => DivideUp(Rows, RowBlock);

    // About a hundred thousand multiply-adds a piece, so that starting it does not count.
    private int ThinColumns => Math.Min(Columns, 48);

    private int ThinRows => Math.Clamp((int)(100_000L / Math.Max(1, (long)Terms * ThinColumns)) / 4 * 4, 4, Math.Max(4, Rows));

    /// <summary>Packs a part of a left operand: one of as many as it has tiles.</summary>
    public void PackLeft<TLanes>(float* left, int tile, float* packed)
        where TLanes : struct, ILanes<TLanes> =>
        LeftPacking.PackTile(RowTiles.For<TLanes>(Rows), tile, left, LeftRowStride, new TermLayout(LeftTermStride), Terms, packed);

    /// <summary>Computes one piece of one product.</summary>
    /// <param name="piece">Number of the piece.</param>
    /// <param name="left">A.</param>
    /// <param name="packed">A, packed.</param>
    /// <param name="right">B.</param>
    /// <param name="bias">One number per row, or null.</param>
    /// <param name="target">C.</param>
    public void RunPiece<TLanes>(int piece, float* left, float* packed, float* right, float* bias, float* target)
        where TLanes : struct, ILanes<TLanes>
    {
        if (IsThin)
        {
            RunThin<TLanes>(piece, left, right, bias, target);
            return;
        }

        var tiles = RowTiles.For<TLanes>(Rows);
        int rows = piece % RowBlocks, first = piece / RowBlocks * GemmBlock.Columns, count = Math.Min(GemmBlock.Columns, Columns - first);
        var source = new MatrixColumns(right + first * RightColumnStride, RightTermStride, RightColumnStride, count);
        GemmBlock.Multiply<TLanes, MatrixColumns>(
            tiles, rows * tiles.Count / RowBlocks, (rows + 1) * tiles.Count / RowBlocks, LeftOperand.Packed(packed), Terms, GemmBlock.Terms, ref source, count,
            bias, target + first, RowStride, null);
    }

    private void RunThin<TLanes>(int piece, float* left, float* right, float* bias, float* target)
        where TLanes : struct, ILanes<TLanes>
    {
        int rowBlocks = DivideUp(Rows, ThinRows);
        int fromRow = piece % rowBlocks * ThinRows, toRow = Math.Min(Rows, fromRow + ThinRows);
        int fromColumn = piece / rowBlocks * ThinColumns, toColumn = Math.Min(Columns, fromColumn + ThinColumns);
        for (int n = fromColumn; n < toColumn; n += DotTile<TLanes>.Columns)
        {
            for (int m = fromRow; m < toRow; m += DotTile<TLanes>.Rows)
            {
                DotTile<TLanes>.Multiply(
                    left + m * LeftRowStride, LeftRowStride, Math.Min(DotTile<TLanes>.Rows, toRow - m),
                    right + n * RightColumnStride, RightColumnStride, Math.Min(DotTile<TLanes>.Columns, toColumn - n),
                    Terms, bias == null ? null : bias + m, target + m * RowStride + n * ColumnStride, RowStride, ColumnStride, false);
            }
        }
    }

    private static int DivideUp(int value, int divisor) => (value + divisor - 1) / divisor;
}
