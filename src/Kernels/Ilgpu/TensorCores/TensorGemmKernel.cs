using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime.Cuda;

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

    public static void Run<TFormat, TTile, TA, TARow, TADepth, TB, TBRow, TBDepth, TC>(TA a, TB b, TC c, GemmDepth depth)
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
        // A and B of this step, A and B of the next. It must be the kernel's first shared array: see WarpMatrix.SharedBase.
        var shared = SharedMemory.Allocate<Word4>(2 * 2 * TTile.Side * Pitch);
        int tile = TTile.Side * Pitch;
        uint sharedBase = CudaAsm.IsSupported ? WarpMatrix.SharedBase() : 0;
        int thread = Group.IdxX;
        int batch = Grid.IdxZ / depth.Splits;
        int split = Grid.IdxZ - batch * depth.Splits;
        int begin = split * depth.DepthPerSplit;
        int end = IntrinsicMath.Min(begin + depth.DepthPerSplit, depth.Depth);
        int row0 = Grid.IdxY * TTile.Side;
        int column0 = Grid.IdxX * TTile.Side;
        int step = 8 * TFormat.PerWord;

        var sums = default(WarpSums);
        var fragments = default(WarpFragments);
        var fromA = default(Pieces);
        var fromB = default(Pieces);
        int aRowInTile = RowInTile<TTile, TA, TARow, TADepth>(thread), aPiece = Piece<TTile, TA, TARow, TADepth>(thread);
        int bRowInTile = RowInTile<TTile, TB, TBRow, TBDepth>(thread), bPiece = Piece<TTile, TB, TBRow, TBDepth>(thread);
        var aRow = a.Row(batch, row0 + aRowInTile);
        var bRow = b.Row(batch, column0 + bRowInTile);
        int aSlot = aRowInTile * Pitch + aPiece, bSlot = tile + bRowInTile * Pitch + bPiece;

        int lane = thread % WarpMatrix.Lanes, warp = thread / WarpMatrix.Lanes;
        int warpRow = warp / (TTile.Side / 32) * 64, warpColumn = warp % (TTile.Side / 32) * 32;
        // Row tiles come as (rows, piece): upper and lower half of the first piece, then of the second; column tiles as (piece, columns).
        int aFrom = (warpRow + lane % 16) * Pitch + lane / 16;
        int bFrom = tile + (warpColumn + lane % 8 + lane / 16 * 8) * Pitch + lane / 8 % 2;

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

            WarpMatrix.Load(shared, sharedBase, current + bFrom, ref fragments.B0);
            WarpMatrix.Load(shared, sharedBase, current + bFrom + 16 * Pitch, ref fragments.B1);
            WarpMatrix.Load(shared, sharedBase, current + aFrom, ref fragments.A0);
            WarpMatrix.Load(shared, sharedBase, current + aFrom + 16 * Pitch, ref fragments.A1);
            WarpMatrix.Load(shared, sharedBase, current + aFrom + 32 * Pitch, ref fragments.A2);
            WarpMatrix.Load(shared, sharedBase, current + aFrom + 48 * Pitch, ref fragments.A3);
            // Between two steps nothing in shared memory is needed: this step's fragments are in registers, the next step's values too.
            WarpMatrix.MultiplyAdd<TFormat>(ref sums, ref fragments, shared.Cast<uint>());

            // The other buffer was last read before the barrier of the step before.
            current = 2 * tile - current;
            if (next < end)
            {
                Store<TFormat, TTile, TA, TARow, TADepth>(shared, current + aSlot, fromA);
                Store<TFormat, TTile, TB, TBRow, TBDepth>(shared, current + bSlot, fromB);
            }

            Group.Barrier();
        }

        int row = row0 + warpRow + lane / 4, column = column0 + warpColumn + lane % 4 * 2;
        var columns = default(ColumnOffsets);
        columns.C0 = c.Column(batch, column);
        columns.C1 = c.Column(batch, column + 1);
        columns.C2 = c.Column(batch, column + 8);
        columns.C3 = c.Column(batch, column + 9);
        columns.C4 = c.Column(batch, column + 16);
        columns.C5 = c.Column(batch, column + 17);
        columns.C6 = c.Column(batch, column + 24);
        columns.C7 = c.Column(batch, column + 25);
        StoreRow(c, batch, split, row, columns, sums.C00.X, sums.C00.Y, sums.C01.X, sums.C01.Y, sums.C02.X, sums.C02.Y, sums.C03.X, sums.C03.Y);
        StoreRow(c, batch, split, row + 8, columns, sums.C00.Z, sums.C00.W, sums.C01.Z, sums.C01.W, sums.C02.Z, sums.C02.W, sums.C03.Z, sums.C03.W);
        StoreRow(c, batch, split, row + 16, columns, sums.C10.X, sums.C10.Y, sums.C11.X, sums.C11.Y, sums.C12.X, sums.C12.Y, sums.C13.X, sums.C13.Y);
        StoreRow(c, batch, split, row + 24, columns, sums.C10.Z, sums.C10.W, sums.C11.Z, sums.C11.W, sums.C12.Z, sums.C12.W, sums.C13.Z, sums.C13.W);
        StoreRow(c, batch, split, row + 32, columns, sums.C20.X, sums.C20.Y, sums.C21.X, sums.C21.Y, sums.C22.X, sums.C22.Y, sums.C23.X, sums.C23.Y);
        StoreRow(c, batch, split, row + 40, columns, sums.C20.Z, sums.C20.W, sums.C21.Z, sums.C21.W, sums.C22.Z, sums.C22.W, sums.C23.Z, sums.C23.W);
        StoreRow(c, batch, split, row + 48, columns, sums.C30.X, sums.C30.Y, sums.C31.X, sums.C31.Y, sums.C32.X, sums.C32.Y, sums.C33.X, sums.C33.Y);
        StoreRow(c, batch, split, row + 56, columns, sums.C30.Z, sums.C30.W, sums.C31.Z, sums.C31.W, sums.C32.Z, sums.C32.W, sums.C33.Z, sums.C33.W);
    }

    /// <summary>Up to two pieces of up to eight numbers on their way from global to shared memory.</summary>
    internal struct Pieces
    {
        public Float4 FirstLow, FirstHigh, SecondLow, SecondHigh;
    }

    /// <summary>Offsets of a lane's eight columns.</summary>
    internal struct ColumnOffsets
    {
        public int C0, C1, C2, C3, C4, C5, C6, C7;
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
        shared[slot] = Packed<TFormat>(from.FirstLow, from.FirstHigh);
        if (TTile.PiecesPerThread > 1)
            shared[slot + (T.DepthIsContiguous ? TTile.Threads / 2 * Pitch : 1)] = Packed<TFormat>(from.SecondLow, from.SecondHigh);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Word4 Packed<TFormat>(Float4 low, Float4 high)
        where TFormat : struct, ITensorFormat
    {
        var words = default(Word4);
        if (TFormat.PerWord > 1)
        {
            words.X = TFormat.Pack(low.X, low.Y);
            words.Y = TFormat.Pack(low.Z, low.W);
            words.Z = TFormat.Pack(high.X, high.Y);
            words.W = TFormat.Pack(high.Z, high.W);
        }
        else
        {
            words.X = TFormat.Pack(low.X, 0);
            words.Y = TFormat.Pack(low.Y, 0);
            words.Z = TFormat.Pack(low.Z, 0);
            words.W = TFormat.Pack(low.W, 0);
        }

        return words;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<TC>(
        TC c, int batch, int split, int row, ColumnOffsets columns,
        Ref<float> v0, Ref<float> v1, Ref<float> v2, Ref<float> v3, Ref<float> v4, Ref<float> v5, Ref<float> v6, Ref<float> v7)
        where TC : struct, IGemmOutput
    {
        int offset = c.Row(batch, split, row);
        if (offset < 0)
            return;
        float bias = c.RowBias(batch, row);
        Put(c, offset, columns.C0, v0.Value + bias);
        Put(c, offset, columns.C1, v1.Value + bias);
        Put(c, offset, columns.C2, v2.Value + bias);
        Put(c, offset, columns.C3, v3.Value + bias);
        Put(c, offset, columns.C4, v4.Value + bias);
        Put(c, offset, columns.C5, v5.Value + bias);
        Put(c, offset, columns.C6, v6.Value + bias);
        Put(c, offset, columns.C7, v7.Value + bias);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TC>(TC c, int row, int column, float value)
        where TC : struct, IGemmOutput
    {
        if (column >= 0)
            c.Store(row, column, value);
    }
}
