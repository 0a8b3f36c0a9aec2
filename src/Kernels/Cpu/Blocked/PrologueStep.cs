using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>An average pool, an attention-weighted sum or both as a step of its own: where more than one operator reads the result, or a convolution that
/// is divided by its output channels, whose chunks would all compute it again.</summary>
/// <typeparam name="TLanes">The vector width.</typeparam>
/// <param name="node">The node.</param>
/// <param name="problem">A convolution with the same prologue.</param>
/// <param name="buffers">What it reads and writes.</param>
internal sealed unsafe class PrologueStep<TLanes>(GraphNode node, ConvProblem problem, ConvBuffers buffers)
    : CpuStep(problem.Prologue switch { { AttentionRadix: 0 } => "average pool", { Pool: null } => "attention sum", _ => "attention sum, average pool" }, node, buffers.Reads, buffers.Writes)
    where TLanes : struct, ILanes<TLanes>
{
    /// <inheritdoc/>
    public override BoundStep Bind(IReadOnlyList<Storage> storages)
    {
        var memory = new ConvMemory { Input = Floats(storages, buffers.Input), InputLayout = buffers.InputLayout };
        if (buffers.Attention >= 0)
            memory.Attention = Floats(storages, buffers.Attention);
        float* output = Floats(storages, buffers.Output);
        var layout = buffers.OutputLayout;
        return new Phases((layout.Batch * layout.Height, (chunk, _) =>
        {
            int n = chunk / layout.Height, y = chunk % layout.Height;
            for (int block = 0; block < layout.Blocks; block++)
                PrologueRows<TLanes>.Row(problem, memory, n, block, y, output + layout.Offset(n, block, y, 0));
            BlockedBorder.Clear(output, layout, n, 0, layout.Blocks, y, y + 1);
        }));
    }
}
