using System.Runtime.CompilerServices;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A pointwise operator on blocked activations of one shape.</summary>
/// <typeparam name="TLanes">The vector width.</typeparam>
/// <param name="node">The node, of one or two inputs.</param>
/// <param name="inputs">The buffers it reads.</param>
/// <param name="from">How they lie.</param>
/// <param name="output">The buffer it writes; one that it reads if that lies the same.</param>
/// <param name="to">How that lies.</param>
internal sealed unsafe class PointwiseStep<TLanes>(GraphNode node, int[] inputs, BlockedLayout[] from, int output, BlockedLayout to)
    : CpuStep(node.Op.Name, node, inputs, [output])
    where TLanes : struct, ILanes<TLanes>
{
    private const int Block = BlockedLayout.Block;

    private readonly Op _op = node.Op;

    /// <summary>Whether this step computes an operator. All of them give zero for zeros, as lanes behind the last channel need, or are cleared there.</summary>
    public static bool Supports(Op op) => op is ReluOp or SiluOp or SigmoidOp or ClampOp or AddOp or MultiplyOp;

    /// <inheritdoc/>
    public override BoundStep Bind(IReadOnlyList<Storage> buffers)
    {
        float* a = Floats(buffers, inputs[0]), b = Floats(buffers, inputs[^1]), y = Floats(buffers, output);
        return new Phases((to.Batch * to.Blocks, (chunk, _) =>
        {
            int n = chunk / to.Blocks, block = chunk % to.Blocks;
            for (int row = 0; row < to.Height; row++)
                Row(a + from[0].Offset(n, block, row, 0), b + from[^1].Offset(n, block, row, 0), y + to.Offset(n, block, row, 0));
            if (_op is SigmoidOp or ClampOp && block == to.Blocks - 1)
                ClearUnused(y, n);
            BlockedBorder.Clear(y, to, n, block, block + 1, 0, to.Height);
        }));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Row(float* a, float* b, float* y)
    {
        nint count = (nint)to.Width * Block;
        switch (_op)
        {
            case AddOp:
                for (nint i = 0; i < count; i += TLanes.Count)
                    (TLanes.Load(a + i) + TLanes.Load(b + i)).Store(y + i);
                break;
            case MultiplyOp:
                for (nint i = 0; i < count; i += TLanes.Count)
                    (TLanes.Load(a + i) * TLanes.Load(b + i)).Store(y + i);
                break;
            case SigmoidOp:
                for (nint i = 0; i < count; i += TLanes.Count)
                    LanesMath.Sigmoid(TLanes.Load(a + i)).Store(y + i);
                break;
            case SiluOp:
                for (nint i = 0; i < count; i += TLanes.Count)
                {
                    var x = TLanes.Load(a + i);
                    (x * LanesMath.Sigmoid(x)).Store(y + i);
                }

                break;
            default:
                var low = TLanes.Broadcast(_op is ClampOp lower ? (float)lower.Min : 0);
                var high = TLanes.Broadcast(_op is ClampOp upper ? (float)upper.Max : float.PositiveInfinity);
                for (nint i = 0; i < count; i += TLanes.Count)
                    TLanes.AtMost(TLanes.AtLeast(TLanes.Load(a + i), low), high).Store(y + i);
                break;
        }
    }

    private void ClearUnused(float* y, int n)
    {
        int used = to.Channels - (to.Blocks - 1) * Block;
        for (int row = 0; row < to.Height; row++)
        {
            float* pixel = y + to.Offset(n, to.Blocks - 1, row, 0);
            for (int x = 0; x < to.Width; x++, pixel += Block)
                new Span<float>(pixel + used, Block - used).Clear();
        }
    }
}
