using System.Runtime.CompilerServices;
using ILGPU;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>C = A · B on tensor cores, with A packed before and B packed or gathered from images of F32.</summary>
/// <remarks>
/// Mapping: group (x, y, z) computes the tile in column tile x and row tile y of product z (batch · splits); each warp a 64×32 part, 4×4 mma tiles.
/// A slice is 64 bytes of depth, two steps of the tensor cores: 32 numbers of 16 bits or 16 of 32. Two slices lie in shared memory: one is multiplied,
/// the other is filled. Half of the next slice is fetched into registers in front of each step, rounded and stored behind it; one barrier a slice.
/// What a load needs is worked out before: rows once, depths in a table. The loop has no branch but its own, so that loads and products mix freely.
/// Piece p of row r stands at place p ^ (r / 2 % 4) of its row: neither ldmatrix nor the stores meet a bank twice.
/// Sums are F32, in ascending depth as the tensor cores take it.
/// </remarks>
internal static class TensorGemmKernel
{
    /// <summary>Pieces of depth of a slice.</summary>
    public const int SlicePieces = 4;

    /// <summary>Depths of a slice in the formats with two numbers a word, and a multiple of those in the others.</summary>
    public const int Slice = 32;

    /// <summary>Most table entries of a slice, in words of 16 bytes.</summary>
    private const int MaxEntries = 4 * SlicePieces;

    /// <summary>Bytes of shared memory from a row to the next.</summary>
    private const int RowBytes = 16 * SlicePieces;

    public static void Run<TMachine, TFormat, TTile, TB, TBRow, TC>(PackedRows a, TB b, TC c, GemmDepth depth)
        where TMachine : struct, ITensorMachine
        where TFormat : struct, ITensorFormat
        where TTile : unmanaged, ITensorTile
        where TB : struct, ITensorOperand<TBRow>
        where TBRow : unmanaged
        where TC : struct, IGemmOutput
    {
        // Two slices, of A and of B each, and what is looked up of their depths.
        var shared = SharedMemory.Allocate<Word4>(2 * 2 * TTile.Side * SlicePieces + 2 * MaxEntries);
        int slicePieces = 2 * TTile.Side * SlicePieces;
        var machine = default(TMachine);
        machine.Open<TTile>(shared);
        var part = GemmPart.OfGroup(depth);
        int thread = Group.IdxX;
        int row0 = Grid.IdxY * TTile.Side;
        int column0 = Grid.IdxX * TTile.Side;

        int piece = Piece<TTile, PackedRows, int>(thread), bPiece = Piece<TTile, TB, TBRow>(thread);
        int row = RowInTile<TTile, PackedRows, int>(thread), bRow = RowInTile<TTile, TB, TBRow>(thread);
        var aRows = RowsOf<TTile, PackedRows, int>(a, part.Batch, row0 + row);
        var bRows = RowsOf<TTile, TB, TBRow>(b, part.Batch, column0 + bRow);
        int aSlot = Slot(row, piece), bSlot = Slot(TTile.Side + bRow, bPiece);

        int lane = thread % WarpRegisters.Lanes, warp = thread / WarpRegisters.Lanes;
        int warpRow = warp / (TTile.Side / 32) * 64, warpColumn = warp % (TTile.Side / 32) * 32;
        // Row tiles come as (rows, piece): upper and lower half of the first piece, then of the second; column tiles as (piece, columns).
        int left = 16 * Slot(warpRow + lane % 16, lane / 16), right = 16 * Slot(TTile.Side + warpColumn + lane % 8 + lane / 16 * 8, lane / 8 % 2);
        uint left0 = machine.Base + (uint)left, left1 = machine.Base + (uint)(left ^ 32);
        uint right0 = machine.Base + (uint)right, right1 = machine.Base + (uint)(right ^ 32);

        int sliceDepth = 4 * TFormat.PerWord * SlicePieces;
        int next = part.Begin / sliceDepth * SlicePieces;
        int end = (part.End + sliceDepth - 1) / sliceDepth * SlicePieces;
        // What is looked up of the depths of a slice lies behind the factors: of this slice, and of the next.
        int tableWords = TB.EntriesPerPiece<TFormat>() * SlicePieces;
        var table = shared.SubView(2 * slicePieces);
        if (thread < tableWords)
        {
            table[thread] = b.Entry(next / SlicePieces * tableWords + thread);
            table[tableWords + thread] = b.Entry(IntrinsicMath.Min(next / SlicePieces + 1, end / SlicePieces - 1) * tableWords + thread);
        }

        Group.Barrier();
        var fromA = default(FetchedHalf);
        var fromB = default(FetchedHalf);
        FetchFirst<TMachine, TFormat, TTile, PackedRows, int>(a, aRows, next, piece, table, ref fromA);
        FetchFirst<TMachine, TFormat, TTile, TB, TBRow>(b, bRows, next, bPiece, table, ref fromB);
        StoreFirst<TFormat, TTile, PackedRows, int>(shared, aSlot, fromA);
        StoreFirst<TFormat, TTile, TB, TBRow>(shared, bSlot, fromB);
        FetchSecond<TMachine, TFormat, TTile, PackedRows, int>(a, aRows, next, piece, table, ref fromA);
        FetchSecond<TMachine, TFormat, TTile, TB, TBRow>(b, bRows, next, bPiece, table, ref fromB);
        StoreSecond<TFormat, TTile, PackedRows, int>(shared, aSlot, fromA);
        StoreSecond<TFormat, TTile, TB, TBRow>(shared, bSlot, fromB);
        Group.Barrier();

        int current = 0, entries = tableWords;
        for (next += SlicePieces; next < end; next += SlicePieces)
        {
            uint offset = 16u * (uint)current;
            // The other slice was last read before the barrier of the round before.
            current = slicePieces - current;
            var known = table.SubView(entries);
            entries = tableWords - entries;
            var entry = default(Word4);
            if (thread < tableWords)
                entry = b.Entry(IntrinsicMath.Min(next + SlicePieces, end - SlicePieces) / SlicePieces * tableWords + thread);

            FetchFirst<TMachine, TFormat, TTile, PackedRows, int>(a, aRows, next, piece, known, ref fromA);
            FetchFirst<TMachine, TFormat, TTile, TB, TBRow>(b, bRows, next, bPiece, known, ref fromB);
            machine.Step<TFormat>(left0 + offset, right0 + offset, 16 * RowBytes);
            StoreFirst<TFormat, TTile, PackedRows, int>(shared, current + aSlot, fromA);
            StoreFirst<TFormat, TTile, TB, TBRow>(shared, current + bSlot, fromB);

            FetchSecond<TMachine, TFormat, TTile, PackedRows, int>(a, aRows, next, piece, known, ref fromA);
            FetchSecond<TMachine, TFormat, TTile, TB, TBRow>(b, bRows, next, bPiece, known, ref fromB);
            machine.Step<TFormat>(left1 + offset, right1 + offset, 16 * RowBytes);
            StoreSecond<TFormat, TTile, PackedRows, int>(shared, current + aSlot, fromA);
            StoreSecond<TFormat, TTile, TB, TBRow>(shared, current + bSlot, fromB);
            if (thread < tableWords)
                table[entries + thread] = entry;
            Group.Barrier();
        }

        uint last = 16u * (uint)current;
        machine.Step<TFormat>(left0 + last, right0 + last, 16 * RowBytes);
        machine.Step<TFormat>(left1 + last, right1 + last, 16 * RowBytes);

        var sums = default(MicroTile);
        machine.Collect(ref sums);
        TileStore.Store(c, shared.Cast<float>(), TTile.Side, part, row0, column0, TilePart.OfLane(warpRow, warpColumn, lane), sums);
    }

    /// <summary>A thread's pieces of half a slice: one of a large tile, two of a small one.</summary>
    internal struct FetchedHalf
    {
        public FetchedPiece First, Second;
    }

    /// <summary>The rows of a thread's pieces of a slice: one and the same, or a row each.</summary>
    internal struct ThreadRows<TRow>
        where TRow : unmanaged
    {
        public TRow First, Second, Third, Fourth;
    }

    /// <summary>Place of a piece in shared memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Slot(int row, int piece) => row * SlicePieces + (piece ^ row / 2 % 4);

    // Threads that are neighbours take what is contiguous in memory: the pieces of a row, or the same piece of neighbouring rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int RowInTile<TTile, T, TRow>(int thread)
        where TTile : unmanaged, ITensorTile
        where T : struct, ITensorOperand<TRow>
        where TRow : unmanaged =>
        T.RowsAreNeighbours ? thread % TTile.Side : thread / SlicePieces;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Piece<TTile, T, TRow>(int thread)
        where TTile : unmanaged, ITensorTile
        where T : struct, ITensorOperand<TRow>
        where TRow : unmanaged =>
        T.RowsAreNeighbours ? thread / TTile.Side : thread % SlicePieces;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ThreadRows<TRow> RowsOf<TTile, T, TRow>(T operand, int batch, int row)
        where TTile : unmanaged, ITensorTile
        where T : struct, ITensorOperand<TRow>
        where TRow : unmanaged
    {
        int apart = TTile.Threads / SlicePieces;
        var rows = default(ThreadRows<TRow>);
        rows.First = operand.Row(batch, row);
        rows.Second = T.RowsAreNeighbours ? rows.First : operand.Row(batch, row + apart);
        if (TTile.PiecesPerThread > 1)
        {
            rows.Third = T.RowsAreNeighbours ? rows.First : operand.Row(batch, row + 2 * apart);
            rows.Fourth = T.RowsAreNeighbours ? rows.First : operand.Row(batch, row + 3 * apart);
        }

        return rows;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FetchFirst<TMachine, TFormat, TTile, T, TRow>(T operand, ThreadRows<TRow> rows, int slice, int piece, ArrayView<Word4> table, ref FetchedHalf to)
        where TMachine : struct, ITensorMachine
        where TFormat : struct, ITensorFormat
        where TTile : unmanaged, ITensorTile
        where T : struct, ITensorOperand<TRow>
        where TRow : unmanaged
    {
        operand.Fetch<TMachine, TFormat>(rows.First, slice, piece, table, ref to.First);
        if (TTile.PiecesPerThread > 1)
            operand.Fetch<TMachine, TFormat>(rows.Second, slice, piece + PiecesApart<TTile, T, TRow>(), table, ref to.Second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FetchSecond<TMachine, TFormat, TTile, T, TRow>(T operand, ThreadRows<TRow> rows, int slice, int piece, ArrayView<Word4> table, ref FetchedHalf to)
        where TMachine : struct, ITensorMachine
        where TFormat : struct, ITensorFormat
        where TTile : unmanaged, ITensorTile
        where T : struct, ITensorOperand<TRow>
        where TRow : unmanaged
    {
        if (TTile.PiecesPerThread > 1)
        {
            operand.Fetch<TMachine, TFormat>(rows.Third, slice, piece + 2 * PiecesApart<TTile, T, TRow>(), table, ref to.First);
            operand.Fetch<TMachine, TFormat>(rows.Fourth, slice, piece + 3 * PiecesApart<TTile, T, TRow>(), table, ref to.Second);
        }
        else
            operand.Fetch<TMachine, TFormat>(rows.Second, slice, piece + PiecesApart<TTile, T, TRow>(), table, ref to.First);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFirst<TFormat, TTile, T, TRow>(ArrayView<Word4> shared, int slot, FetchedHalf from)
        where TFormat : struct, ITensorFormat
        where TTile : unmanaged, ITensorTile
        where T : struct, ITensorOperand<TRow>
        where TRow : unmanaged
    {
        shared[slot] = T.Pack<TFormat>(from.First);
        if (TTile.PiecesPerThread > 1)
            shared[SlotApart<TTile, T, TRow>(slot, 1)] = T.Pack<TFormat>(from.Second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreSecond<TFormat, TTile, T, TRow>(ArrayView<Word4> shared, int slot, FetchedHalf from)
        where TFormat : struct, ITensorFormat
        where TTile : unmanaged, ITensorTile
        where T : struct, ITensorOperand<TRow>
        where TRow : unmanaged
    {
        shared[SlotApart<TTile, T, TRow>(slot, TTile.PiecesPerThread)] = T.Pack<TFormat>(from.First);
        if (TTile.PiecesPerThread > 1)
            shared[SlotApart<TTile, T, TRow>(slot, 3)] = T.Pack<TFormat>(from.Second);
    }

    /// <summary>Pieces from one of a thread to its next: of the same row, or the same of another row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PiecesApart<TTile, T, TRow>()
        where TTile : unmanaged, ITensorTile
        where T : struct, ITensorOperand<TRow>
        where TRow : unmanaged =>
        T.RowsAreNeighbours ? TTile.Threads / TTile.Side : 0;

    /// <summary>The slot of a thread's further pieces: within a row places differ in a bit of their own, and rows further down are whole turns of the swizzle.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SlotApart<TTile, T, TRow>(int slot, int times)
        where TTile : unmanaged, ITensorTile
        where T : struct, ITensorOperand<TRow>
        where TRow : unmanaged =>
        T.RowsAreNeighbours ? slot ^ times * (TTile.Threads / TTile.Side) : slot + times * TTile.Threads;
}
