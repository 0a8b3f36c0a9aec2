using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Changes dense row-major activations into blocked ones or back.</summary>
/// <param name="toBlocked">Into which.</param>
/// <param name="layout">The blocked one.</param>
/// <param name="source">The buffer it reads.</param>
/// <param name="target">The buffer it writes.</param>
internal sealed unsafe class LayoutStep(bool toBlocked, BlockedLayout layout, int source, int target)
    : CpuStep(toBlocked ? "to blocks" : "to planes", null, [source], [target])
{
    private const int Block = BlockedLayout.Block;

    /// <inheritdoc/>
    public override BoundStep Bind(IReadOnlyList<Storage> buffers)
    {
        float* from = Floats(buffers, source), to = Floats(buffers, target);
        return new Phases((layout.Batch * layout.Blocks, (chunk, _) =>
        {
            int n = chunk / layout.Blocks, block = chunk % layout.Blocks;
            if (toBlocked)
                ToBlock(from, to, n, block);
            else
                ToPlanes(from, to, n, block);
        }));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ToBlock(float* dense, float* blocked, int n, int block)
    {
        int lanes = Math.Min(Block, layout.Channels - block * Block);
        nint plane = (nint)layout.Height * layout.Width;
        float* from = dense + ((nint)n * layout.Channels + block * Block) * plane;
        for (int y = 0; y < layout.Height; y++)
        {
            float* to = blocked + layout.Offset(n, block, y, 0);
            if (lanes < Block)
                NativeMemory.Clear(to, (nuint)(layout.Width * Block * sizeof(float)));
            for (int x = 0; x < layout.Width; x++, from++, to += Block)
            {
                for (int lane = 0; lane < lanes; lane++)
                    to[lane] = from[lane * plane];
            }
        }

        BlockedBorder.Clear(blocked, layout, n, block, block + 1, 0, layout.Height);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ToPlanes(float* blocked, float* dense, int n, int block)
    {
        int lanes = Math.Min(Block, layout.Channels - block * Block);
        nint plane = (nint)layout.Height * layout.Width;
        float* to = dense + ((nint)n * layout.Channels + block * Block) * plane;
        for (int y = 0; y < layout.Height; y++)
        {
            float* from = blocked + layout.Offset(n, block, y, 0);
            for (int x = 0; x < layout.Width; x++, to++, from += Block)
            {
                for (int lane = 0; lane < lanes; lane++)
                    to[lane * plane] = from[lane];
            }
        }
    }
}
