using System.Runtime.CompilerServices;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Means over planes that no convolution could take along, and over splits.</summary>
/// <typeparam name="TLanes">The vector width.</typeparam>
/// <param name="node">The node.</param>
/// <param name="radix">Splits that are added.</param>
/// <param name="input">The buffer it reads.</param>
/// <param name="layout">How that lies.</param>
/// <param name="sums">A buffer for a number per plane.</param>
/// <param name="output">The buffer it writes, dense.</param>
internal sealed unsafe class PlaneMeanStep<TLanes>(GraphNode node, int radix, int input, BlockedLayout layout, int sums, int output)
    : CpuStep("plane means", node, [input], [output, sums])
    where TLanes : struct, ILanes<TLanes>
{
    private const int Block = BlockedLayout.Block;

    /// <inheritdoc/>
    public override BoundStep Bind(IReadOnlyList<Storage> buffers)
    {
        float* x = Floats(buffers, input), partial = Floats(buffers, sums), y = Floats(buffers, output);
        return new Phases(
            (layout.Batch * layout.Blocks, (chunk, _) => Sum(x + layout.Offset(chunk / layout.Blocks, chunk % layout.Blocks, 0, 0), partial + chunk * Block)),
            (1, (_, _) => PlaneMeans.Combine(partial, 1, layout.Batch, layout.Channels, radix, layout.Height * layout.Width, y)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sum(float* plane, float* target)
    {
        for (int lane = 0; lane < Block; lane += TLanes.Count)
        {
            var sum = TLanes.Broadcast(0);
            for (int y = 0; y < layout.Height; y++)
            {
                // Row by row, so that a long sum loses less.
                var row = TLanes.Broadcast(0);
                for (int x = 0; x < layout.Width; x++)
                    row += TLanes.Load(plane + y * layout.RowStride + x * Block + lane);
                sum += row;
            }

            sum.Store(target + lane);
        }
    }
}
