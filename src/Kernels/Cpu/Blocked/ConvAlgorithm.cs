using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>One way to compute a fused convolution on blocked activations.</summary>
internal abstract class ConvAlgorithm
{
    /// <summary>Name in tables and in the file of measured choices: <c>direct</c>, <c>winograd2</c>, <c>winograd4</c>, <c>winograd2 rows</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Whether it reads a dense row-major image [N,C,H,W] instead of a blocked one.</summary>
    public virtual bool ReadsPlanes => false;

    /// <summary>Whether it can compute this problem on this processor.</summary>
    public abstract bool Supports(ConvProblem problem);

    /// <summary>The zeros that it needs around its input: the convolution's padding and what its tiles read beyond it.</summary>
    public abstract Border InputBorder(ConvProblem problem);

    /// <summary>Packs weight [K,C/groups,R,S] and bias [K] and fixes how the work is divided, by the shape alone.</summary>
    public abstract PackedConv Pack(ConvProblem problem, GraphConstant weight, GraphConstant bias);
}

/// <summary>A convolution whose weights are packed. Immutable; any number of threads may run it on different memory.</summary>
internal abstract unsafe class PackedConv : IDisposable
{
    /// <summary>Bytes of packed weights.</summary>
    public abstract long WeightBytes { get; }

    /// <summary>Number of pieces into which the work is divided, fixed by the shape.</summary>
    public abstract int Chunks { get; }

    /// <summary>Sets of partial plane sums that the chunks write, if the problem pools: each [N, blocks·16] floats. Chunks that share a set write different channels of it.</summary>
    public virtual int PoolParts => 0;

    /// <summary>Computes one chunk. Working memory comes from <see cref="ThreadScratch"/>.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="before">The chunk that this thread computed just before, of the same memory; -1 if none. What it left in <see cref="ThreadScratch"/> may
    /// serve again where it has exactly the bits that this chunk would make itself: results do not depend on it.</param>
    /// <param name="memory">Where to read and write.</param>
    public abstract void RunChunk(int chunk, int before, in ConvMemory memory);

    /// <summary>Frees the packed weights.</summary>
    public abstract void Dispose();
}

/// <summary>Where a convolution reads and writes.</summary>
internal unsafe struct ConvMemory
{
    /// <summary>Activations before the prologue, blocked; dense and row-major for an algorithm that reads planes.</summary>
    public float* Input;

    /// <summary>How they lie.</summary>
    public BlockedLayout InputLayout;

    /// <summary>The result, blocked; its border is written by the chunks too.</summary>
    public float* Output;

    /// <summary>How it lies.</summary>
    public BlockedLayout OutputLayout;

    /// <summary>What is added before the activation, blocked, or null. It may be the output's memory.</summary>
    public float* Residual;

    /// <summary>How it lies.</summary>
    public BlockedLayout ResidualLayout;

    /// <summary>Weights of the splits [N][R·C padded to blocks], for a prologue with attention; else null.</summary>
    public float* Attention;

    /// <summary>Partial plane sums [part][N][blocks·16] for an epilogue that pools; else null. They are added up in the order of the parts.</summary>
    public float* PoolSums;
}
