using System.Runtime.CompilerServices;
using ILGPU;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>C = A · B by tiles in shared memory, for matrices that may exist only as a rule for their elements (implicit GEMM).</summary>
/// <remarks>
/// Mapping: group (x, y, z) computes the tile in column tile x and row tile y of product z (batch · splits); thread t has an 8×8 part.
/// Traffic: per 8 depths a group reads 2 · Side · 8 values once and does 2 · Side² · 8 operations; shared memory is double-buffered,
/// so that one barrier per step suffices and the loads of the next step are in flight during the arithmetic of this one.
/// Sums run in ascending depth: the result does not depend on timing.
/// </remarks>
internal static class GemmKernel
{
    /// <summary>Depths per step.</summary>
    public const int Step = 8;

    public static void Run<TTile, TA, TARow, TADepth, TB, TBRow, TBDepth, TC>(TA a, TB b, TC c, GemmDepth depth)
        where TTile : unmanaged, IGemmTile
        where TA : struct, IGemmOperand<TARow, TADepth>
        where TARow : unmanaged
        where TADepth : unmanaged
        where TB : struct, IGemmOperand<TBRow, TBDepth>
        where TBRow : unmanaged
        where TBDepth : unmanaged
        where TC : struct, IGemmOutput
    {
        // Four words of padding keep the stores of contiguous depths on different banks and rows on 16-byte boundaries.
        int pitch = TTile.Side + 4;
        int side = Step * pitch;
        var shared = SharedMemory.Allocate<Float4>(4 * Step * (128 + 4) / 4);
        var words = shared.Cast<float>();
        int thread = Group.IdxX;
        var part = GemmPart.OfGroup(depth);
        int batch = part.Batch;
        int row0 = Grid.IdxY * TTile.Side;
        int column0 = Grid.IdxX * TTile.Side;

        var sums = default(MicroTile);
        var fromA = default(Staging);
        var fromB = default(Staging);
        int aSlot = Slot<TTile, TA, TARow, TADepth>(thread);
        int bSlot = 2 * side + Slot<TTile, TB, TBRow, TBDepth>(thread);
        var aRow = a.Row(batch, row0 + FirstRow<TTile, TA, TARow, TADepth>(thread));
        var bRow = b.Row(batch, column0 + FirstRow<TTile, TB, TBRow, TBDepth>(thread));

        int y = thread / (TTile.Side / 8);
        int x = thread - y * (TTile.Side / 8);
        int current = 0;
        Load<TTile, TA, TARow, TADepth>(a, aRow, batch, row0, part.Begin, thread, ref fromA);
        Load<TTile, TB, TBRow, TBDepth>(b, bRow, batch, column0, part.Begin, thread, ref fromB);
        Store<TTile, TA, TARow, TADepth>(words, aSlot, fromA);
        Store<TTile, TB, TBRow, TBDepth>(words, bSlot, fromB);
        Group.Barrier();

        for (int k = part.Begin; k < part.End; k += Step)
        {
            int next = k + Step;
            if (next < part.End)
            {
                Load<TTile, TA, TARow, TADepth>(a, aRow, batch, row0, next, thread, ref fromA);
                Load<TTile, TB, TBRow, TBDepth>(b, bRow, batch, column0, next, thread, ref fromB);
            }

            var aTile = shared.SubView(current * (side / 4) + y);
            var bTile = shared.SubView((2 + current) * (side / 4) + x);
            MultiplyStep<TTile>(aTile, bTile, 0, ref sums);
            MultiplyStep<TTile>(aTile, bTile, 1, ref sums);
            MultiplyStep<TTile>(aTile, bTile, 2, ref sums);
            MultiplyStep<TTile>(aTile, bTile, 3, ref sums);
            MultiplyStep<TTile>(aTile, bTile, 4, ref sums);
            MultiplyStep<TTile>(aTile, bTile, 5, ref sums);
            MultiplyStep<TTile>(aTile, bTile, 6, ref sums);
            MultiplyStep<TTile>(aTile, bTile, 7, ref sums);

            // The other buffer was last read before the barrier of the step before.
            current = 1 - current;
            if (next < part.End)
            {
                Store<TTile, TA, TARow, TADepth>(words, current * side + aSlot, fromA);
                Store<TTile, TB, TBRow, TBDepth>(words, current * side + bSlot, fromB);
            }

            Group.Barrier();
        }

        TileStore.Store(c, words, TTile.Side, part, row0, column0, TilePart.OfThread(TTile.Side, x, y), sums);
    }

    /// <summary>Eight values on their way from global to shared memory.</summary>
    internal struct Staging
    {
        public Float4 First, Second;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int FirstRow<TTile, T, TRow, TDepth>(int thread)
        where TTile : unmanaged, IGemmTile
        where T : struct, IGemmOperand<TRow, TDepth>
        where TRow : unmanaged
        where TDepth : unmanaged =>
        T.DepthIsContiguous ? thread / Step : thread % TTile.Side;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Slot<TTile, T, TRow, TDepth>(int thread)
        where TTile : unmanaged, IGemmTile
        where T : struct, IGemmOperand<TRow, TDepth>
        where TRow : unmanaged
        where TDepth : unmanaged =>
        T.DepthIsContiguous
            ? thread % Step * (TTile.Side + 4) + thread / Step
            : thread / TTile.Side * (TTile.Side + 4) + thread % TTile.Side;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load<TTile, T, TRow, TDepth>(
        T operand, TRow row, int batch, int row0, int depth0, int thread, ref Staging to)
        where TTile : unmanaged, IGemmTile
        where T : struct, IGemmOperand<TRow, TDepth>
        where TRow : unmanaged
        where TDepth : unmanaged
    {
        if (T.DepthIsContiguous)
        {
            // One depth, several rows.
            int k = depth0 + thread % Step;
            var depth = operand.Depth(batch, k);
            int first = row0 + thread / Step;
            int apart = TTile.Threads / Step;
            to.First.X = operand.Load(row, depth);
            to.First.Y = operand.Load(operand.Row(batch, first + apart), depth);
            to.First.Z = operand.Load(operand.Row(batch, first + 2 * apart), depth);
            to.First.W = operand.Load(operand.Row(batch, first + 3 * apart), depth);
            if (TTile.LoadsPerThread > 4)
            {
                to.Second.X = operand.Load(operand.Row(batch, first + 4 * apart), depth);
                to.Second.Y = operand.Load(operand.Row(batch, first + 5 * apart), depth);
                to.Second.Z = operand.Load(operand.Row(batch, first + 6 * apart), depth);
                to.Second.W = operand.Load(operand.Row(batch, first + 7 * apart), depth);
            }
        }
        else
        {
            // One row, several depths.
            int apart = TTile.Threads / TTile.Side;
            int k = depth0 + thread / TTile.Side;
            to.First.X = operand.Load(row, operand.Depth(batch, k));
            to.First.Y = operand.Load(row, operand.Depth(batch, k + apart));
            to.First.Z = operand.Load(row, operand.Depth(batch, k + 2 * apart));
            to.First.W = operand.Load(row, operand.Depth(batch, k + 3 * apart));
            if (TTile.LoadsPerThread > 4)
            {
                to.Second.X = operand.Load(row, operand.Depth(batch, k + 4 * apart));
                to.Second.Y = operand.Load(row, operand.Depth(batch, k + 5 * apart));
                to.Second.Z = operand.Load(row, operand.Depth(batch, k + 6 * apart));
                to.Second.W = operand.Load(row, operand.Depth(batch, k + 7 * apart));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TTile, T, TRow, TDepth>(ArrayView<float> shared, int slot, Staging from)
        where TTile : unmanaged, IGemmTile
        where T : struct, IGemmOperand<TRow, TDepth>
        where TRow : unmanaged
        where TDepth : unmanaged
    {
        int apart = T.DepthIsContiguous ? TTile.Threads / Step : TTile.Threads / TTile.Side * (TTile.Side + 4);
        var to = shared.SubView(slot);
        to[0] = from.First.X;
        to[apart] = from.First.Y;
        to[2 * apart] = from.First.Z;
        to[3 * apart] = from.First.W;
        if (TTile.LoadsPerThread > 4)
        {
            to[4 * apart] = from.Second.X;
            to[5 * apart] = from.Second.Y;
            to[6 * apart] = from.Second.Z;
            to[7 * apart] = from.Second.W;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyStep<TTile>(ArrayView<Float4> a, ArrayView<Float4> b, int k, ref MicroTile sums)
        where TTile : unmanaged, IGemmTile
    {
        int pitch = (TTile.Side + 4) / 4;
        int half = TTile.Side / 8;
        sums.AddOuterProduct(a[k * pitch], a[k * pitch + half], b[k * pitch], b[k * pitch + half]);
    }
}
