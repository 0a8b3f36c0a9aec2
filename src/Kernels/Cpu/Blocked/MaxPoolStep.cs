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
        int top = row * _pool.StrideH - _pool.PadTop;
        for (int column = 0; column < to.Width; column++, target += Block)
        {
            int left = column * _pool.StrideW - _pool.PadLeft;
            for (int lane = 0; lane < Block; lane += TLanes.Count)
            {
                var largest = TLanes.Broadcast(float.NegativeInfinity);
                for (int i = 0, y = top; i < _pool.KernelH; i++, y += _pool.DilationH)
                {
                    if ((uint)y >= (uint)from.Height)
                        continue;
                    float* line = plane + y * from.RowStride + lane;
                    for (int j = 0, x = left; j < _pool.KernelW; j++, x += _pool.DilationW)
                    {
                        if ((uint)x < (uint)from.Width)
                            largest = TLanes.Max(largest, TLanes.Load(line + x * Block));
                    }
                }

                largest.Store(target + lane);
            }
        }
    }
}
