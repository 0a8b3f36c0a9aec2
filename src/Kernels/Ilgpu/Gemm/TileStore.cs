using System.Runtime.CompilerServices;
using ILGPU;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>The end of every tiled product: how the 8×8 sums of a thread reach the result.</summary>
internal static class TileStore
{
    /// <summary>Offsets of four columns, or -1 where there is none.</summary>
    internal struct Offsets
    {
        public int X, Y, Z, W;
    }

    /// <summary>Stores what lies within the result, and the sums of its rows where they are wanted. All threads of the group must call it.</summary>
    /// <param name="c">The result.</param>
    /// <param name="shared">The kernel's shared memory.</param>
    /// <param name="side">Rows and columns of the tile.</param>
    /// <param name="part">Which product, and which part of its sums.</param>
    /// <param name="row0">First row of the tile.</param>
    /// <param name="column0">First column of the tile.</param>
    /// <param name="place">This thread's part of the tile.</param>
    /// <param name="sums">Its sums.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TC>(TC c, ArrayView<float> shared, int side, GemmPart part, int row0, int column0, TilePart place, MicroTile sums)
        where TC : struct, IGemmOutput
    {
        int row = row0 + place.Row, column = column0 + place.Column;
        var left = Columns(c, part.Batch, column, column + place.PairsApart);
        var right = Columns(c, part.Batch, column + place.ColumnHalf, column + place.ColumnHalf + place.PairsApart);
        StoreRow(c, part, row, left, right, ref sums.L0, ref sums.R0);
        StoreRow(c, part, row + place.RowsApart, left, right, ref sums.L1, ref sums.R1);
        StoreRow(c, part, row + 2 * place.RowsApart, left, right, ref sums.L2, ref sums.R2);
        StoreRow(c, part, row + 3 * place.RowsApart, left, right, ref sums.L3, ref sums.R3);
        row += place.RowHalf;
        StoreRow(c, part, row, left, right, ref sums.L4, ref sums.R4);
        StoreRow(c, part, row + place.RowsApart, left, right, ref sums.L5, ref sums.R5);
        StoreRow(c, part, row + 2 * place.RowsApart, left, right, ref sums.L6, ref sums.R6);
        StoreRow(c, part, row + 3 * place.RowsApart, left, right, ref sums.L7, ref sums.R7);
        if (c.Sums.ImagesPerPart > 0)
            TileSums.Store(c.Sums, shared, side, part.Batch, row0, column0, place, sums);
    }

    /// <summary>Offsets of four columns, of which the first two and the last two are neighbours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Offsets Columns<TC>(TC c, int batch, int first, int second)
        where TC : struct, IGemmOutput
    {
        var offsets = default(Offsets);
        offsets.X = c.Column(batch, first);
        offsets.Y = c.Column(batch, first + 1);
        offsets.Z = c.Column(batch, second);
        offsets.W = c.Column(batch, second + 1);
        return offsets;
    }

    // What is stored stays in the sums: of finished values the sums of rows are made.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<TC>(TC c, GemmPart part, int row, Offsets left, Offsets right, ref Float4 l, ref Float4 r)
        where TC : struct, IGemmOutput
    {
        int offset = c.Row(part.Batch, part.Split, row);
        if (offset < 0)
            return;
        float bias = c.RowBias(part.Batch, row);
        Put(c, offset, left.X, bias, ref l.X);
        Put(c, offset, left.Y, bias, ref l.Y);
        Put(c, offset, left.Z, bias, ref l.Z);
        Put(c, offset, left.W, bias, ref l.W);
        Put(c, offset, right.X, bias, ref r.X);
        Put(c, offset, right.Y, bias, ref r.Y);
        Put(c, offset, right.Z, bias, ref r.Z);
        Put(c, offset, right.W, bias, ref r.W);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TC>(TC c, int row, int column, float bias, ref float value)
        where TC : struct, IGemmOutput
    {
        if (column >= 0)
            value = c.Store(row, column, value + bias);
    }
}
