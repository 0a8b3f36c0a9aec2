using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A fused convolution, or a fully connected layer as one.</summary>
/// <param name="algorithm">Name of the algorithm.</param>
/// <param name="node">The node.</param>
/// <param name="problem">Its extents.</param>
/// <param name="packed">The packed weights; the step owns them.</param>
/// <param name="buffers">What it reads and writes.</param>
internal sealed unsafe class ConvStep(string algorithm, GraphNode node, ConvProblem problem, PackedConv packed, ConvBuffers buffers)
    : CpuStep($"conv {problem.KernelH}×{problem.KernelW} {algorithm}", node, buffers.Reads, buffers.Writes)
{
    /// <inheritdoc/>
    public override long WeightBytes => packed.WeightBytes;

    /// <inheritdoc/>
    public override BoundStep Bind(IReadOnlyList<Storage> storages)
    {
        var memory = new ConvMemory
        {
            Input = Floats(storages, buffers.Input),
            InputLayout = buffers.InputLayout,
            Output = Floats(storages, buffers.Output),
            OutputLayout = buffers.OutputLayout,
            ResidualLayout = buffers.ResidualLayout,
        };
        if (buffers.Residual >= 0)
            memory.Residual = Floats(storages, buffers.Residual);
        if (buffers.Attention >= 0)
            memory.Attention = Floats(storages, buffers.Attention);
        if (buffers.Sums < 0)
            return new Phases((packed.Chunks, (chunk, before) => packed.RunChunk(chunk, before, memory)));
        memory.PoolSums = Floats(storages, buffers.Sums);
        float* means = Floats(storages, buffers.Means);
        int radix = problem.Epilogue.PoolRadix, parts = packed.PoolParts;
        int plane = problem.OutputHeight * problem.OutputWidth;
        return new Phases(
            (packed.Chunks, (chunk, before) => packed.RunChunk(chunk, before, memory)),
            (1, (_, _) => PlaneMeans.Combine(memory.PoolSums, parts, problem.Batch, problem.OutputChannels, radix, plane, means)));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        packed.Dispose();
        base.Dispose();
    }
}

/// <summary>The buffers of a <see cref="ConvStep"/> by index, -1 for none.</summary>
internal sealed record ConvBuffers(int Input, BlockedLayout InputLayout, int Output, BlockedLayout OutputLayout)
{
    /// <summary>What is added.</summary>
    public int Residual { get; init; } = -1;

    /// <summary>How it lies.</summary>
    public BlockedLayout ResidualLayout { get; init; }

    /// <summary>Weights of the splits.</summary>
    public int Attention { get; init; } = -1;

    /// <summary>Partial plane sums.</summary>
    public int Sums { get; init; } = -1;

    /// <summary>The means, dense.</summary>
    public int Means { get; init; } = -1;

    /// <summary>All that are read.</summary>
    public int[] Reads => [.. new[] { Input, Residual, Attention }.Where(buffer => buffer >= 0)];

    /// <summary>All that are written.</summary>
    public int[] Writes => [.. new[] { Output, Means, Sums }.Where(buffer => buffer >= 0)];
}
