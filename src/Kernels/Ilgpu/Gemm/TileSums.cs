using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Util;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Sums over the pixels of each image in the epilogue of a tiled product: what a group has just stored is added up before it leaves the registers.</summary>
/// <remarks>Order: a thread adds the four columns of each half row, one thread the sixteen halves of a row and part in ascending order; the plain tiles of
/// both sizes give equal bits. Combined in the tile's shared memory, not by shuffles: the lanes of a row may belong to several warps. Traffic: 4 bytes a
/// row, part of 64 columns and image.</remarks>
internal static class TileSums
{
    /// <summary>Half rows of four columns in a part.</summary>
    private const int Halves = PoolParts.Pixels / 4;

    /// <summary>Stores the sums of a tile. All threads of the group must call it, side · side / 64 of them.</summary>
    /// <param name="to">Where they go.</param>
    /// <param name="shared">side / 4 · (side + 4) elements of shared memory that nobody writes any more.</param>
    /// <param name="side">Rows and columns of the tile.</param>
    /// <param name="batch">Which product.</param>
    /// <param name="row0">First row of the tile.</param>
    /// <param name="column0">First column of the tile, a multiple of 64.</param>
    /// <param name="place">This thread's part of the tile.</param>
    /// <param name="sums">Its finished values.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(RowSums to, ArrayView<float> shared, int side, int batch, int row0, int column0, TilePart place, MicroTile sums)
    {
        // Four words of padding spread the halves of a row over the banks.
        int pitch = side + 4, plane = to.Plane.Divisor;
        int first = column0 + place.Column, second = first + place.ColumnHalf;
        int left = first - to.FirstOf(first), right = second - to.FirstOf(second);
        var mine = shared.SubView(place.Slot * pitch + place.Row);
        int across = place.SlotHalf * pitch, below = place.RowHalf;
        int part = Group.IdxX / side, row = Group.IdxX - part * side;
        var whole = shared.SubView(part * Halves * pitch + row);
        for (int image = 0; image < to.ImagesPerPart; image++)
        {
            // The factors, or the sums of the image before, have been read by all.
            Group.Barrier();
            PutRow(mine, 0, across, left, right, place.PairsApart, plane, sums.L0, sums.R0);
            PutRow(mine, place.RowsApart, across, left, right, place.PairsApart, plane, sums.L1, sums.R1);
            PutRow(mine, 2 * place.RowsApart, across, left, right, place.PairsApart, plane, sums.L2, sums.R2);
            PutRow(mine, 3 * place.RowsApart, across, left, right, place.PairsApart, plane, sums.L3, sums.R3);
            PutRow(mine, below, across, left, right, place.PairsApart, plane, sums.L4, sums.R4);
            PutRow(mine, below + place.RowsApart, across, left, right, place.PairsApart, plane, sums.L5, sums.R5);
            PutRow(mine, below + 2 * place.RowsApart, across, left, right, place.PairsApart, plane, sums.L6, sums.R6);
            PutRow(mine, below + 3 * place.RowsApart, across, left, right, place.PairsApart, plane, sums.L7, sums.R7);
            // One thread adds what several have of its row.
            Group.Barrier();
            float sum = 0;
            for (int half = 0; half < Halves; half++)
                sum += whole[half * pitch];
            to.Store(batch, row0 + row, column0 / PoolParts.Pixels + part, image, sum);
            left -= plane;
            right -= plane;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PutRow(ArrayView<float> shared, int at, int across, int left, int right, int pairsApart, int plane, Float4 l, Float4 r)
    {
        shared[at] = SumWithin(left, pairsApart, plane, l);
        shared[at + across] = SumWithin(right, pairsApart, plane, r);
    }

    /// <summary>The sum of those of four columns that are pixels of the image.</summary>
    /// <param name="pixel">The first column, counted from the image's first pixel.</param>
    /// <param name="pairsApart">Columns from the first to the third.</param>
    /// <param name="plane">Pixels of the image.</param>
    /// <param name="values">The columns.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumWithin(int pixel, int pairsApart, int plane, Float4 values) =>
        Within(pixel, plane, values.X) + Within(pixel + 1, plane, values.Y)
        + (Within(pixel + pairsApart, plane, values.Z) + Within(pixel + pairsApart + 1, plane, values.W));

    // Chosen, not multiplied by zero: behind the last pixel anything may stand, and another image's NaN is not this one's.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Within(int pixel, int plane, float value) => Utilities.Select((uint)pixel < (uint)plane, value, 0f);
}
