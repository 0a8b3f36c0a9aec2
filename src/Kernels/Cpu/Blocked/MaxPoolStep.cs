using System.Runtime.CompilerServices;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Largest value under each window; where it was found is not wanted.</summary>
/// <typeparam name="TLanes">The vector width.</typeparam>
/// <param name="node">The node.</param>
/// <param name="input">The buffer it reads.</param>
/// <param name="from">How that lies.</param>
/// <param name="output">The buffer it writes.</param>
/// <param name="to">How that lies.</param>
internal sealed unsafe class MaxPoolStep<TLanes>(GraphNode node, int input, BlockedLayout from, int output, BlockedLayout to)
    : CpuStep("max pool", node, [input], [output])
    where TLanes : struct, ILanes<TLanes>
{
    private const int Block = BlockedLayout.Block;

    private readonly PoolGeometry _pool = ((MaxPool2dOp)node.Op).Geometry;

    /// <inheritdoc/>
    public override BoundStep Bind(IReadOnlyList<Storage> buffers)
    {
        float* x = Floats(buffers, input), y = Floats(buffers, output);
        return new Phases((to.Batch * to.Height, (chunk, _) =>
        {
            int n = chunk / to.Height, row = chunk % to.Height;
            for (int block = 0; block < to.Blocks; block++)
                Row(x + from.Offset(n, block, 0, 0), row, y + to.Offset(n, block, row, 0));
            BlockedBorder.Clear(y, to, n, 0, to.Blocks, row, row + 1);
        }));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Row(float* plane, int row, float* target)
    {
        var (firstRow, rows) = Inside(row * _pool.StrideH - _pool.PadTop, _pool.KernelH, _pool.DilationH, from.Height);
        nint rowStep = _pool.DilationH * from.RowStride, columnStep = _pool.DilationW * Block;
        float* line = plane + firstRow * from.RowStride;
        for (int column = 0; column < to.Width; column++, target += Block)
        {
            var (firstColumn, columns) = Inside(column * _pool.StrideW - _pool.PadLeft, _pool.KernelW, _pool.DilationW, from.Width);
            for (int lane = 0; lane < Block; lane += TLanes.Count)
                Largest(line + firstColumn * Block + lane, rowStep, rows, columnStep, columns).Store(target + lane);
        }
    }

    // The first place of a window that lies inside of the image, and how many do.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (int First, int Count) Inside(int first, int kernel, int dilation, int extent)
    {
        if (first >= 0 && first + (kernel - 1) * dilation < extent)
            return (first, kernel);
        int before = first < 0 ? (-first + dilation - 1) / dilation : 0;
        return (first + before * dilation, Math.Max(0, Math.Min(kernel, (extent - first + dilation - 1) / dilation) - before));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Largest(float* row, nint rowStep, int rows, nint columnStep, int columns)
    {
        var largest = TLanes.Broadcast(float.NegativeInfinity);
        for (; rows > 0; rows--, row += rowStep)
        {
            if (columns == 3)
            {
                largest = TLanes.Max(TLanes.Max(largest, TLanes.Load(row)), TLanes.Max(TLanes.Load(row + columnStep), TLanes.Load(row + 2 * columnStep)));
                continue;
            }

            for (int j = 0; j < columns; j++)
                largest = TLanes.Max(largest, TLanes.Load(row + j * columnStep));
        }

        return largest;
    }
}
