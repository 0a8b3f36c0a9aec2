using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Rounds and packs a factor for <see cref="TensorGemmKernel"/>, which then reads half the bytes and has nothing left to compute for it.</summary>
/// <remarks>Mapping: one thread a piece of 16 bytes, striding over the grid; neighbours take what is contiguous in the source. Traffic: 16 or 32 bytes
/// read, 16 written; bound by memory. Weights are small beside what they are multiplied with; of an output's gradient it is one pass, where the
/// product reads it once for every tile of columns.</remarks>
internal static class TensorPack<T, TRow, TDepth>
    where T : struct, IGemmOperand<TRow, TDepth>
    where TRow : unmanaged
    where TDepth : unmanaged
{
    // By GpuPrecision, from TF32 on.
    private static readonly GpuKernel<Action<AcceleratorStream, KernelConfig, T, ArrayView<Word4>, PackShape>>[] ByPrecision =
        [Define<FormatTF32>(), Define<FormatF16>(), Define<FormatBF16>()];

    /// <summary>The kernels.</summary>
    public static IEnumerable<GpuKernel> Kernels => ByPrecision;

    /// <summary>Packs all rows of all matrices.</summary>
    /// <param name="queue">The device.</param>
    /// <param name="plan">The product, for its precision, depth and number of matrices.</param>
    /// <param name="factor">The factor.</param>
    /// <param name="rows">Rows of one matrix.</param>
    public static PackedFactor Pack(GpuQueue queue, in GemmPlan plan, T factor, int rows)
    {
        int perPiece = plan.Precision == GpuPrecision.TF32 ? 4 : 8;
        int pieces = (plan.Depth.Depth + TensorGemmKernel.SlicePieces * perPiece - 1) / (TensorGemmKernel.SlicePieces * perPiece) * TensorGemmKernel.SlicePieces;
        var packed = new PackedFactor(queue, plan.Batch, rows, pieces);
        queue.Launch(ByPrecision[(int)plan.Precision - 1], queue.Over(packed.Pieces.Length, 1), factor, packed.Pieces, new PackShape(rows, pieces));
        return packed;
    }

    public static void Run<TFormat>(T factor, ArrayView<Word4> to, PackShape shape)
        where TFormat : struct, ITensorFormat
    {
        int stride = Grid.DimX * Group.DimX;
        int count = to.IntLength;
        for (int i = Grid.GlobalIndex.X; i < count; i += stride)
        {
            int batch, row, piece;
            if (T.DepthIsContiguous)
            {
                int line = shape.Pieces.Divide(i);
                piece = i - line * shape.Pieces.Divisor;
                batch = shape.Rows.Divide(line);
                row = line - batch * shape.Rows.Divisor;
            }
            else
            {
                int line = shape.Rows.Divide(i);
                row = i - line * shape.Rows.Divisor;
                batch = shape.Pieces.Divide(line);
                piece = line - batch * shape.Pieces.Divisor;
            }

            var from = factor.Row(batch, row);
            int depth = piece * 4 * TFormat.PerWord;
            var low = Four(factor, from, batch, depth);
            var high = default(Float4);
            if (TFormat.PerWord > 1)
                high = Four(factor, from, batch, depth + 4);
            to[(batch * shape.Rows.Divisor + row) * shape.Pieces.Divisor + piece] = Piece16.Pack<TFormat>(low, high);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Float4 Four(T factor, TRow row, int batch, int depth)
    {
        var four = default(Float4);
        four.X = factor.Load(row, factor.Depth(batch, depth));
        four.Y = factor.Load(row, factor.Depth(batch, depth + 1));
        four.Z = factor.Load(row, factor.Depth(batch, depth + 2));
        four.W = factor.Load(row, factor.Depth(batch, depth + 3));
        return four;
    }

    private static GpuKernel<Action<AcceleratorStream, KernelConfig, T, ArrayView<Word4>, PackShape>> Define<TFormat>()
        where TFormat : struct, ITensorFormat =>
        GpuKernel.Define<T, ArrayView<Word4>, PackShape>($"pack.{TFormat.Name}.{GpuKernel.NameOf<T>()}", GpuQueue.MaxGroup, Run<TFormat>);
}

/// <summary>Extents of a packed factor.</summary>
internal readonly struct PackShape(int rows, int pieces)
{
    public readonly FastDivisor Rows = new(rows);
    public readonly FastDivisor Pieces = new(pieces);
}

/// <summary>A packed factor in memory of its own, given back when disposed.</summary>
internal readonly ref struct PackedFactor(GpuQueue queue, int batch, int rows, int pieces)
{
    private readonly Workspace _memory = new(queue, 4L * batch * rows * pieces);

    /// <summary>All pieces.</summary>
    public ArrayView<Word4> Pieces => _memory.Floats.Cast<Word4>();

    /// <summary>As a kernel takes it.</summary>
    public PackedRows Rows => new(Pieces, rows, pieces);

    public void Dispose() => _memory.Dispose();
}
