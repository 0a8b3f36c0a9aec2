using System.Runtime.CompilerServices;
using ILGPU;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Convolution of maps on tensor cores: an implicit product whose factors come by cp.async, ahead of the arithmetic.</summary>
/// <remarks>
/// Mapping: group (x, y, z) computes the pixels of row tile x and the channels of column tile y of convolution group z (groups · splits); each warp a
/// 64×32 part. A slice is 64 bytes of depth, two steps of the tensor cores; three slices lie in shared memory: one is multiplied, two are under way.
/// One barrier a slice: behind it every thread's copies for this slice have arrived, and the slice before has been read by all.
/// Addresses are made once: a pixel's window gives an origin and a mask of the taps that lie in the image, each depth an offset and a tap.
/// Piece p of row r stands at place p ^ (r / 2 % 4) of its row: the eight rows that ldmatrix reads at once lie on different banks.
/// Traffic: a slice of a group is 128 · Side bytes for Side² · 64 (F16, BF16) or 32 (TF32) operations.
/// </remarks>
internal static class TensorConvKernel
{
    /// <summary>Pieces of depth of a slice.</summary>
    public const int SlicePieces = 4;

    /// <summary>Slices in shared memory.</summary>
    public const int Stages = 3;

    /// <summary>Bytes of shared memory from a row to the next.</summary>
    private const int RowBytes = 16 * SlicePieces;

    public static void Run<TMachine, TFormat, TTile>(ConvSource source, ConvFilter filter, ConvTarget target, GemmDepth slices)
        where TMachine : struct, ITensorMachine
        where TFormat : struct, ITensorFormat
        where TTile : unmanaged, ITensorTile
    {
        var shared = SharedMemory.Allocate<Word4>(Stages * 2 * TTile.Side * SlicePieces);
        uint stageBytes = 2u * (uint)TTile.Side * RowBytes;
        var machine = default(TMachine);
        machine.Open<TTile>(shared);
        machine.OpenCopies<TTile>(source.Pieces, source.Address, filter.Pieces, filter.Address);

        int thread = Group.IdxX;
        int group = Grid.IdxZ / slices.Splits;
        int split = Grid.IdxZ - group * slices.Splits;
        int next = split * slices.DepthPerSplit;
        int end = IntrinsicMath.Min(next + slices.DepthPerSplit, slices.Depth);
        int row0 = Grid.IdxX * TTile.Side, column0 = Grid.IdxY * TTile.Side;

        // Four threads bring a row's slice, each one piece of it; further rows lie Threads / 4 apart.
        int piece = thread % SlicePieces, rowInTile = thread / SlicePieces;
        var rows = default(CopyRows);
        source.WindowOf(group, row0 + rowInTile, ref rows.Origin0, ref rows.Mask0);
        source.WindowOf(group, row0 + rowInTile + TTile.Threads / 4, ref rows.Origin1, ref rows.Mask1);
        rows.Filter0 = filter.RowOf(group, column0 + rowInTile) + piece;
        rows.Filter1 = filter.RowOf(group, column0 + rowInTile + TTile.Threads / 4) + piece;
        if (TTile.PiecesPerThread > 1)
        {
            source.WindowOf(group, row0 + rowInTile + TTile.Threads / 2, ref rows.Origin2, ref rows.Mask2);
            source.WindowOf(group, row0 + rowInTile + 3 * TTile.Threads / 4, ref rows.Origin3, ref rows.Mask3);
            rows.Filter2 = filter.RowOf(group, column0 + rowInTile + TTile.Threads / 2) + piece;
            rows.Filter3 = filter.RowOf(group, column0 + rowInTile + 3 * TTile.Threads / 4) + piece;
        }

        uint slot = machine.Base + (uint)(RowBytes * rowInTile + 16 * (piece ^ rowInTile / 2 % 4));
        int entry = source.Depths[next * SlicePieces + piece];
        uint fill = 0;
        for (int ahead = 1; ahead < Stages; ahead++)
        {
            if (next < end)
                Copy<TMachine, TTile>(ref machine, rows, entry, next, slot + fill);
            machine.Commit();
            next++;
            entry = source.Depths[IntrinsicMath.Min(next, slices.Depth) * SlicePieces + piece];
            fill += stageBytes;
        }

        int lane = thread % WarpRegisters.Lanes, warp = thread / WarpRegisters.Lanes;
        int warpRow = warp / (TTile.Side / 32) * 64, warpColumn = warp % (TTile.Side / 32) * 32;
        // Row tiles come as (rows, piece): upper and lower half of the first piece, then of the second; column tiles as (piece, columns).
        int swizzle = lane / 2 % 4;
        int left = RowBytes * (warpRow + lane % 16) + 16 * (lane / 16 ^ swizzle);
        int right = RowBytes * (TTile.Side + warpColumn + lane % 8 + lane / 16 * 8) + 16 * (lane / 8 % 2 ^ swizzle);
        uint left0 = machine.Base + (uint)left, left1 = machine.Base + (uint)(left ^ 32);
        uint right0 = machine.Base + (uint)right, right1 = machine.Base + (uint)(right ^ 32);
        uint stage = 0;
        for (int current = next - (Stages - 1); current < end; current++)
        {
            machine.WaitForAllButOne();
            Group.Barrier();
            if (next < end)
                Copy<TMachine, TTile>(ref machine, rows, entry, next, slot + fill);
            machine.Commit();
            next++;
            entry = source.Depths[IntrinsicMath.Min(next, slices.Depth) * SlicePieces + piece];

            machine.Step<TFormat>(left0 + stage, right0 + stage, 16 * RowBytes);
            machine.Step<TFormat>(left1 + stage, right1 + stage, 16 * RowBytes);
            fill = stage;
            stage = stage == (Stages - 1) * stageBytes ? 0 : stage + stageBytes;
        }

        var sums = default(MicroTile);
        machine.Collect(ref sums);
        Finish<TFormat>(target, group, split, row0 + warpRow, column0 + warpColumn, lane, sums);
    }

    /// <summary>What a thread copies: up to four rows of each factor.</summary>
    internal struct CopyRows
    {
        public int Origin0, Origin1, Origin2, Origin3;
        public uint Mask0, Mask1, Mask2, Mask3;
        public int Filter0, Filter1, Filter2, Filter3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy<TMachine, TTile>(ref TMachine machine, CopyRows rows, int entry, int slice, uint slot)
        where TMachine : struct, ITensorMachine
        where TTile : unmanaged, ITensorTile
    {
        int offset = entry >> 5, tap = entry & 31, depth = slice * SlicePieces;
        uint apart = (uint)TTile.Threads / 4 * RowBytes, filterSlot = slot + (uint)TTile.Side * RowBytes;
        machine.CopyOrClear(slot, rows.Origin0 + offset, (int)(rows.Mask0 >> tap & 16));
        machine.CopyOrClear(slot + apart, rows.Origin1 + offset, (int)(rows.Mask1 >> tap & 16));
        machine.Copy(filterSlot, rows.Filter0 + depth);
        machine.Copy(filterSlot + apart, rows.Filter1 + depth);
        if (TTile.PiecesPerThread > 1)
        {
            machine.CopyOrClear(slot + 2 * apart, rows.Origin2 + offset, (int)(rows.Mask2 >> tap & 16));
            machine.CopyOrClear(slot + 3 * apart, rows.Origin3 + offset, (int)(rows.Mask3 >> tap & 16));
            machine.Copy(filterSlot + 2 * apart, rows.Filter2 + depth);
            machine.Copy(filterSlot + 3 * apart, rows.Filter3 + depth);
        }
    }

    private static void Finish<TFormat>(ConvTarget target, int group, int split, int top, int firstColumn, int lane, MicroTile sums)
        where TFormat : struct, ITensorFormat
    {
        int row = top + lane / 4, column = firstColumn + lane % 4 * 2;
        int channel = group * target.Outputs + column;
        if (target.Store == (int)ConvStore.Parts)
        {
            int part = split * target.Pixels;
            StorePart(target, part, row, channel, column, sums.L0, sums.R0);
            StorePart(target, part, row + 8, channel, column, sums.L1, sums.R1);
            StorePart(target, part, row + 16, channel, column, sums.L2, sums.R2);
            StorePart(target, part, row + 24, channel, column, sums.L3, sums.R3);
            StorePart(target, part, row + 32, channel, column, sums.L4, sums.R4);
            StorePart(target, part, row + 40, channel, column, sums.L5, sums.R5);
            StorePart(target, part, row + 48, channel, column, sums.L6, sums.R6);
            StorePart(target, part, row + 56, channel, column, sums.L7, sums.R7);
            return;
        }

        var l = default(Float4);
        var r = default(Float4);
        l.X = target.Bias(channel);
        l.Y = target.Bias(channel + 1);
        l.Z = target.Bias(channel + 8);
        l.W = target.Bias(channel + 9);
        r.X = target.Bias(channel + 16);
        r.Y = target.Bias(channel + 17);
        r.Z = target.Bias(channel + 24);
        r.W = target.Bias(channel + 25);
        StoreRow<TFormat>(target, row, channel, column, l, r, ref sums.L0, ref sums.R0);
        StoreRow<TFormat>(target, row + 8, channel, column, l, r, ref sums.L1, ref sums.R1);
        StoreRow<TFormat>(target, row + 16, channel, column, l, r, ref sums.L2, ref sums.R2);
        StoreRow<TFormat>(target, row + 24, channel, column, l, r, ref sums.L3, ref sums.R3);
        StoreRow<TFormat>(target, row + 32, channel, column, l, r, ref sums.L4, ref sums.R4);
        StoreRow<TFormat>(target, row + 40, channel, column, l, r, ref sums.L5, ref sums.R5);
        StoreRow<TFormat>(target, row + 48, channel, column, l, r, ref sums.L6, ref sums.R6);
        StoreRow<TFormat>(target, row + 56, channel, column, l, r, ref sums.L7, ref sums.R7);
        if (target.Store == (int)ConvStore.MapAndSums && top < target.Pixels)
            PoolParts.Store(target, top, lane, channel, column, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<TFormat>(ConvTarget target, int row, int channel, int column, Float4 leftBias, Float4 rightBias, ref Float4 l, ref Float4 r)
        where TFormat : struct, ITensorFormat
    {
        if (row >= target.Pixels)
            return;
        int element = row * target.Channels + channel;
        if (column < target.Outputs)
            target.Put<TFormat>(element, leftBias.X, leftBias.Y, ref l.X, ref l.Y);
        if (column + 8 < target.Outputs)
            target.Put<TFormat>(element + 8, leftBias.Z, leftBias.W, ref l.Z, ref l.W);
        if (column + 16 < target.Outputs)
            target.Put<TFormat>(element + 16, rightBias.X, rightBias.Y, ref r.X, ref r.Y);
        if (column + 24 < target.Outputs)
            target.Put<TFormat>(element + 24, rightBias.Z, rightBias.W, ref r.Z, ref r.W);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePart(ConvTarget target, int part, int row, int channel, int column, Float4 l, Float4 r)
    {
        if (row >= target.Pixels)
            return;
        int element = (part + row) * target.Channels + channel;
        PutPart(target, element, column, l.X, l.Y);
        PutPart(target, element + 8, column + 8, l.Z, l.W);
        PutPart(target, element + 16, column + 16, r.X, r.Y);
        PutPart(target, element + 24, column + 24, r.Z, r.W);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PutPart(ConvTarget target, int element, int column, float first, float second)
    {
        if (column >= target.Outputs)
            return;
        target.Sums[element] = first;
        target.Sums[element + 1] = second;
    }
}
