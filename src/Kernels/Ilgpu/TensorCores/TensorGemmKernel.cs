using System.Runtime.CompilerServices;
using ILGPU;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>C = A · B on tensor cores, for the same implicit matrices as <see cref="GemmKernel"/>.</summary>
/// <remarks>
/// Mapping: group (x, y, z) computes the tile in column tile x and row tile y of product z (batch · splits); each warp a 64×32 part, 4×4 mma tiles.
/// A step is 32 bytes of depth: 16 numbers of 16 bits or 8 of 32. Values are loaded as F32, rounded on their way into shared memory, which is
/// double-buffered: the loads of the next step are in flight during the products of this one, and one barrier a step suffices.
/// Rows of shared memory are 48 bytes apart: the eight rows that ldmatrix reads at once then lie on different banks.
/// Sums are F32, in ascending depth as the tensor cores take it.
/// </remarks>
internal static class TensorGemmKernel
{
    /// <summary>Depths of one step in the formats with two numbers a word, and a multiple of those in the others.</summary>
    public const int Step = 16;

    /// <summary>Pieces of four words from a row of a tile to the next: two, and one to spread the banks.</summary>
    private const int Pitch = 3;

    public static void Run<TMachine, TFormat, TTile, TA, TARow, TADepth, TB, TBRow, TBDepth, TC>(TA a, TB b, TC c, GemmDepth depth)
        where TMachine : struct, ITensorMachine
        where TFormat : struct, ITensorFormat
        where TTile : unmanaged, ITensorTile
        where TA : struct, IGemmOperand<TARow, TADepth>
        where TARow : unmanaged
        where TADepth : unmanaged
        where TB : struct, IGemmOperand<TBRow, TBDepth>
        where TBRow : unmanaged
        where TBDepth : unmanaged
        where TC : struct, IGemmOutput
    {
        // A and B of this step, A and B of the next.
        var shared = SharedMemory.Allocate<Word4>(2 * 2 * TTile.Side * Pitch);
        int tile = TTile.Side * Pitch;
        var machine = default(TMachine);
        machine.Open<TTile>(shared);
        int thread = Group.IdxX;
        int batch = Grid.IdxZ / depth.Splits;
        int split = Grid.IdxZ - batch * depth.Splits;
        int begin = split * depth.DepthPerSplit;
        int end = IntrinsicMath.Min(begin + depth.DepthPerSplit, depth.Depth);
        int row0 = Grid.IdxY * TTile.Side;
        int column0 = Grid.IdxX * TTile.Side;
        int step = 8 * TFormat.PerWord;

        var fromA = default(Pieces);
        var fromB = default(Pieces);
        int aRowInTile = RowInTile<TTile, TA, TARow, TADepth>(thread), aPiece = Piece<TTile, TA, TARow, TADepth>(thread);
        int bRowInTile = RowInTile<TTile, TB, TBRow, TBDepth>(thread), bPiece = Piece<TTile, TB, TBRow, TBDepth>(thread);
        var aRow = a.Row(batch, row0 + aRowInTile);
        var bRow = b.Row(batch, column0 + bRowInTile);
        int aSlot = aRowInTile * Pitch + aPiece, bSlot = tile + bRowInTile * Pitch + bPiece;

        int lane = thread % WarpRegisters.Lanes, warp = thread / WarpRegisters.Lanes;
        int warpRow = warp / (TTile.Side / 32) * 64, warpColumn = warp % (TTile.Side / 32) * 32;
        // Row tiles come as (rows, piece): upper and lower half of the first piece, then of the second; column tiles as (piece, columns).
        uint aFrom = machine.Base + 16u * (uint)((warpRow + lane % 16) * Pitch + lane / 16);
        uint bFrom = machine.Base + 16u * (uint)(tile + (warpColumn + lane % 8 + lane / 16 * 8) * Pitch + lane / 8 % 2);

        Load<TFormat, TTile, TA, TARow, TADepth>(a, aRow, batch, row0 + aRowInTile, begin, aPiece, ref fromA);
        Load<TFormat, TTile, TB, TBRow, TBDepth>(b, bRow, batch, column0 + bRowInTile, begin, bPiece, ref fromB);
        Store<TFormat, TTile, TA, TARow, TADepth>(shared, aSlot, fromA);
        Store<TFormat, TTile, TB, TBRow, TBDepth>(shared, bSlot, fromB);
        Group.Barrier();

        int current = 0;
        for (int k = begin; k < end; k += step)
        {
            int next = k + step;
            if (next < end)
            {
                Load<TFormat, TTile, TA, TARow, TADepth>(a, aRow, batch, row0 + aRowInTile, next, aPiece, ref fromA);
                Load<TFormat, TTile, TB, TBRow, TBDepth>(b, bRow, batch, column0 + bRowInTile, next, bPiece, ref fromB);
            }

            uint offset = 16u * (uint)current;
            machine.Step<TFormat>(aFrom + offset, bFrom + offset, 16 * 16 * Pitch);

            // The other buffer was last read before the barrier of the step before.
            current = 2 * tile - current;
            if (next < end)
            {
                Store<TFormat, TTile, TA, TARow, TADepth>(shared, current + aSlot, fromA);
                Store<TFormat, TTile, TB, TBRow, TBDepth>(shared, current + bSlot, fromB);
            }

            Group.Barrier();
        }

        var sums = default(MicroTile);
        machine.Collect(ref sums);
        int column = column0 + warpColumn + lane % 4 * 2;
        var left = TileStore.Columns(c, batch, column, column + 8);
        var right = TileStore.Columns(c, batch, column + 16, column + 24);
        TileStore.Store(c, batch, split, row0 + warpRow + lane / 4, 8, 32, left, right, sums);
    }

    /// <summary>Up to two pieces of up to eight numbers on their way from global to shared memory.</summary>
    internal struct Pieces
    {
        public Float4 FirstLow, FirstHigh, SecondLow, SecondHigh;
    }

    // Threads that are neighbours take what is contiguous in memory: the two pieces of a row, or the same piece of neighbouring rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int RowInTile<TTile, T, TRow, TDepth>(int thread)
        where TTile : unmanaged, ITensorTile
        where T : struct, IGemmOperand<TRow, TDepth>
        where TRow : unmanaged
        where TDepth : unmanaged =>
        T.DepthIsContiguous ? thread / 2 : thread % TTile.Side;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Piece<TTile, T, TRow, TDepth>(int thread)
        where TTile : unmanaged, ITensorTile
        where T : struct, IGemmOperand<TRow, TDepth>
        where TRow : unmanaged
        where TDepth : unmanaged =>
        T.DepthIsContiguous ? thread % 2 : thread / TTile.Side;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load<TFormat, TTile, T, TRow, TDepth>(T operand, TRow row, int batch, int rowIndex, int depth0, int piece, ref Pieces to)
        where TFormat : struct, ITensorFormat
        where TTile : unmanaged, ITensorTile
        where T : struct, IGemmOperand<TRow, TDepth>
        where TRow : unmanaged
        where TDepth : unmanaged
    {
        int depth = depth0 + piece * 4 * TFormat.PerWord;
        LoadPiece<TFormat, T, TRow, TDepth>(operand, row, batch, depth, ref to.FirstLow, ref to.FirstHigh);
        if (TTile.PiecesPerThread > 1)
        {
            // The second piece of the same row, or the same piece of a row further down.
            if (T.DepthIsContiguous)
                LoadPiece<TFormat, T, TRow, TDepth>(operand, operand.Row(batch, rowIndex + TTile.Threads / 2), batch, depth, ref to.SecondLow, ref to.SecondHigh);
            else
                LoadPiece<TFormat, T, TRow, TDepth>(operand, row, batch, depth + 4 * TFormat.PerWord, ref to.SecondLow, ref to.SecondHigh);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadPiece<TFormat, T, TRow, TDepth>(T operand, TRow row, int batch, int depth, ref Float4 low, ref Float4 high)
        where TFormat : struct, ITensorFormat
        where T : struct, IGemmOperand<TRow, TDepth>
        where TRow : unmanaged
        where TDepth : unmanaged
    {
        low.X = operand.Load(row, operand.Depth(batch, depth));
        low.Y = operand.Load(row, operand.Depth(batch, depth + 1));
        low.Z = operand.Load(row, operand.Depth(batch, depth + 2));
        low.W = operand.Load(row, operand.Depth(batch, depth + 3));
        if (TFormat.PerWord > 1)
        {
            high.X = operand.Load(row, operand.Depth(batch, depth + 4));
            high.Y = operand.Load(row, operand.Depth(batch, depth + 5));
            high.Z = operand.Load(row, operand.Depth(batch, depth + 6));
            high.W = operand.Load(row, operand.Depth(batch, depth + 7));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TFormat, TTile, T, TRow, TDepth>(ArrayView<Word4> shared, int slot, Pieces from)
        where TFormat : struct, ITensorFormat
        where TTile : unmanaged, ITensorTile
        where T : struct, IGemmOperand<TRow, TDepth>
        where TRow : unmanaged
        where TDepth : unmanaged
    {
        shared[slot] = Piece16.Pack<TFormat>(from.FirstLow, from.FirstHigh);
        if (TTile.PiecesPerThread > 1)
            shared[slot + (T.DepthIsContiguous ? TTile.Threads / 2 * Pitch : 1)] = Piece16.Pack<TFormat>(from.SecondLow, from.SecondHigh);
    }
}
