using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>The end of every tiled product: how the 8×8 sums of a thread reach the result.</summary>
internal static class TileStore
{
    /// <summary>Offsets of four columns, or -1 where there is none.</summary>
    internal struct Offsets
    {
        public int X, Y, Z, W;
    }

    /// <summary>Offsets of four columns, of which the first two and the last two are neighbours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Offsets Columns<TC>(TC c, int batch, int first, int second)
        where TC : struct, IGemmOutput
    {
        var offsets = default(Offsets);
        offsets.X = c.Column(batch, first);
        offsets.Y = c.Column(batch, first + 1);
        offsets.Z = c.Column(batch, second);
        offsets.W = c.Column(batch, second + 1);
        return offsets;
    }

    /// <summary>Stores what lies within the result.</summary>
    /// <param name="c">The result.</param>
    /// <param name="batch">Which product.</param>
    /// <param name="split">Which part of its sums.</param>
    /// <param name="row">First row of the thread.</param>
    /// <param name="apart">Rows from one of the first four to the next, and of the last four.</param>
    /// <param name="half">Rows from the first to the fifth.</param>
    /// <param name="left">Columns of the left halves.</param>
    /// <param name="right">Columns of the right halves.</param>
    /// <param name="sums">The sums.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TC>(TC c, int batch, int split, int row, int apart, int half, Offsets left, Offsets right, MicroTile sums)
        where TC : struct, IGemmOutput
    {
        StoreRow(c, batch, split, row, left, right, sums.L0, sums.R0);
        StoreRow(c, batch, split, row + apart, left, right, sums.L1, sums.R1);
        StoreRow(c, batch, split, row + 2 * apart, left, right, sums.L2, sums.R2);
        StoreRow(c, batch, split, row + 3 * apart, left, right, sums.L3, sums.R3);
        StoreRow(c, batch, split, row + half, left, right, sums.L4, sums.R4);
        StoreRow(c, batch, split, row + half + apart, left, right, sums.L5, sums.R5);
        StoreRow(c, batch, split, row + half + 2 * apart, left, right, sums.L6, sums.R6);
        StoreRow(c, batch, split, row + half + 3 * apart, left, right, sums.L7, sums.R7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<TC>(TC c, int batch, int split, int row, Offsets left, Offsets right, Float4 l, Float4 r)
        where TC : struct, IGemmOutput
    {
        int offset = c.Row(batch, split, row);
        if (offset < 0)
            return;
        float bias = c.RowBias(batch, row);
        Put(c, offset, left.X, l.X + bias);
        Put(c, offset, left.Y, l.Y + bias);
        Put(c, offset, left.Z, l.Z + bias);
        Put(c, offset, left.W, l.W + bias);
        Put(c, offset, right.X, r.X + bias);
        Put(c, offset, right.Y, r.Y + bias);
        Put(c, offset, right.Z, r.Z + bias);
        Put(c, offset, right.W, r.W + bias);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TC>(TC c, int row, int column, float value)
        where TC : struct, IGemmOutput
    {
        if (column >= 0)
            c.Store(row, column, value);
    }
}
