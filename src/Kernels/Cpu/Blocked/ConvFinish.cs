using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>What register tiles leave to a second pass over results that are still in the cache.</summary>
/// <typeparam name="TLanes">The vector width.</typeparam>
internal static unsafe class ConvFinish<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    private const int Block = BlockedLayout.Block;

    /// <summary>Moves groups that were computed in blocks of their own together, and adds the residual.</summary>
    /// <param name="problem">The convolution.</param>
    /// <param name="piece">Pictures and rows.</param>
    /// <param name="memory">Where results go.</param>
    /// <param name="staged">The results by group.</param>
    /// <param name="layout">How they lie.</param>
    /// <param name="groupBlocks">Blocks of a group.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gather(ConvProblem problem, in ConvChunk piece, in ConvMemory memory, float* staged, in BlockedLayout layout, int groupBlocks)
    {
        var target = memory.OutputLayout;
        float* pixel = stackalloc float[Block];
        // Where each lane of a block comes from; four neighbours at once where all widths are multiples of four.
        nint* from = stackalloc nint[Block];
        bool fours = problem.GroupOutputs % 4 == 0;
        for (int n = piece.FirstImage; n < piece.EndImage; n++)
        {
            for (int block = 0; block < target.Blocks; block++)
            {
                int lanes = Math.Min(Block, problem.OutputChannels - block * Block);
                for (int lane = 0; lane < lanes; lane++)
                {
                    int channel = block * Block + lane, member = channel % problem.GroupOutputs;
                    from[lane] = layout.Offset(n - piece.FirstImage, channel / problem.GroupOutputs * groupBlocks + member / Block, 0, 0) + member % Block;
                }

                new Span<float>(pixel, Block).Clear();
                for (int y = piece.FirstRow; y < piece.EndRow; y++)
                {
                    float* row = staged + (y - piece.FirstRow) * layout.RowStride;
                    float* to = memory.Output + target.Offset(n, block, y, 0);
                    float* residual = problem.Epilogue.Residual ? memory.Residual + memory.ResidualLayout.Offset(n, block, y, 0) : null;
                    for (int x = 0; x < target.Width; x++, row += Block, to += Block)
                    {
                        for (int lane = 0; fours && lane < lanes; lane += 4)
                            Unsafe.CopyBlockUnaligned(pixel + lane, row + from[lane], 4 * sizeof(float));
                        for (int lane = 0; !fours && lane < lanes; lane++)
                            pixel[lane] = row[from[lane]];
                        for (int lane = 0; lane < Block; lane += TLanes.Count)
                        {
                            var value = TLanes.Load(pixel + lane);
                            if (residual != null)
                                value += TLanes.Load(residual + x * Block + lane);
                            value.Store(to + lane);
                        }
                    }
                }
            }
        }
    }

    /// <summary>Applies the activation in place and adds up the planes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Activate(ConvProblem problem, in ConvChunk piece, in ConvMemory memory, int firstBlock, int endBlock)
    {
        var layout = memory.OutputLayout;
        var zero = TLanes.Broadcast(0);
        var six = TLanes.Broadcast(6);
        nint count = (nint)layout.Width * Block;
        bool pools = problem.Epilogue.PoolRadix > 0;
        for (int n = piece.FirstImage; n < piece.EndImage; n++)
        {
            for (int block = firstBlock; block < endBlock; block++)
            {
                for (int lane = 0; lane < Block; lane += TLanes.Count)
                {
                    var sum = zero;
                    for (int y = piece.FirstRow; y < piece.EndRow; y++)
                    {
                        float* row = memory.Output + layout.Offset(n, block, y, 0) + lane;
                        for (nint i = 0; i < count; i += Block)
                        {
                            var value = TLanes.Load(row + i);
                            if (problem.Epilogue.Activation == ActivationKind.Silu)
                                value *= LanesMath.Sigmoid(value);
                            else if (problem.Epilogue.Activation != ActivationKind.None)
                                value = TLanes.AtLeast(value, zero);
                            if (problem.Epilogue.Activation == ActivationKind.Relu6)
                                value = TLanes.AtMost(value, six);
                            value.Store(row + i);
                            sum += value;
                        }
                    }

                    if (pools)
                        sum.Store(memory.PoolSums + ((nint)piece.Part * problem.Batch + n) * (layout.Blocks * Block) + block * Block + lane);
                }
            }
        }
    }
}
