using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Which 8×8 sums of its group's tile a thread has: rows and columns come in two halves of four, columns of a half in two pairs of neighbours.</summary>
internal struct TilePart
{
    /// <summary>First row.</summary>
    public int Row;

    /// <summary>Rows from one of the first four to the next, and of the last four.</summary>
    public int RowsApart;

    /// <summary>Rows from the first to the fifth.</summary>
    public int RowHalf;

    /// <summary>First column.</summary>
    public int Column;

    /// <summary>Columns from the first to the third.</summary>
    public int PairsApart;

    /// <summary>Columns from the first to the fifth.</summary>
    public int ColumnHalf;

    /// <summary>Number of the left half among all halves of a row of the tile; sixteen halves have 64 neighbouring columns together.</summary>
    public int Slot;

    /// <summary>Numbers from the left half to the right one.</summary>
    public int SlotHalf;

    /// <summary>The part of thread (x, y) of <see cref="GemmKernel"/>: four neighbouring columns a half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TilePart OfThread(int side, int x, int y)
    {
        var part = default(TilePart);
        part.Row = 4 * y;
        part.RowsApart = 1;
        part.RowHalf = side / 2;
        part.Column = 4 * x;
        part.PairsApart = 2;
        part.ColumnHalf = side / 2;
        part.Slot = x;
        part.SlotHalf = side / 8;
        return part;
    }

    /// <summary>The part of a lane of <see cref="TensorGemmKernel"/>, as mma gives it: two columns of each of a warp's four column tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TilePart OfLane(int warpRow, int warpColumn, int lane)
    {
        var part = default(TilePart);
        part.Row = warpRow + lane / 4;
        part.RowsApart = 8;
        part.RowHalf = 32;
        part.Column = warpColumn + lane % 4 * 2;
        part.PairsApart = 8;
        part.ColumnHalf = 16;
        part.Slot = warpColumn / 4 + lane % 4;
        part.SlotHalf = 4;
        return part;
    }
}
