using System.Runtime.InteropServices;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Joins or cuts blocked activations along channels, where all parts are whole blocks.</summary>
/// <param name="node">A concatenation, or a slice as the only part.</param>
/// <param name="inputs">The buffers it reads.</param>
/// <param name="from">How they lie.</param>
/// <param name="firstBlock">First block that is taken from each.</param>
/// <param name="output">The buffer it writes.</param>
/// <param name="to">How that lies.</param>
internal sealed unsafe class ChannelCopyStep(GraphNode node, int[] inputs, BlockedLayout[] from, int firstBlock, int output, BlockedLayout to)
    : CpuStep(node.Op.Name, node, inputs, [output])
{
    /// <inheritdoc/>
    public override BoundStep Bind(IReadOnlyList<Storage> buffers)
    {
        var sources = new nint[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
            sources[i] = (nint)Floats(buffers, inputs[i]);
        float* y = Floats(buffers, output);
        return new Phases((to.Batch * to.Blocks, (chunk, _) =>
        {
            int n = chunk / to.Blocks, block = chunk % to.Blocks, part = 0, of = block + firstBlock;
            while (of >= from[part].Blocks)
                of -= from[part++].Blocks;
            float* x = (float*)sources[part];
            for (int row = 0; row < to.Height; row++)
                NativeMemory.Copy(x + from[part].Offset(n, of, row, 0), y + to.Offset(n, block, row, 0), (nuint)(to.Width * BlockedLayout.Block * sizeof(float)));
            BlockedBorder.Clear(y, to, n, block, block + 1, 0, to.Height);
        }));
    }
}
