using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A step of a compiled session on this backend: chunks of work on buffers of floats.</summary>
/// <param name="name">The algorithm, for people.</param>
/// <param name="node">The node it computes; null for a change of layout.</param>
/// <param name="reads">Buffers it reads.</param>
/// <param name="writes">Buffers it writes.</param>
internal abstract unsafe class CpuStep(string name, GraphNode? node, IReadOnlyList<int> reads, IReadOnlyList<int> writes) : GraphStep
{
    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override GraphNode? Node => node;

    /// <inheritdoc/>
    public override IReadOnlyList<int> Reads => reads;

    /// <inheritdoc/>
    public override IReadOnlyList<int> Writes => writes;

    /// <summary>The memory of a buffer.</summary>
    protected static float* Floats(IReadOnlyList<Storage> buffers, int index) => (float*)((CpuStorage)buffers[index]).Pointer;

    /// <summary>Work in chunks, phase after phase.</summary>
    /// <param name="phases">Number of chunks and what each does, see <see cref="WorkerPool.Run(int, int, Action{int, int})"/>; made once, so that running allocates nothing.</param>
    protected sealed class Phases(params (int Chunks, Action<int, int> Body)[] phases) : BoundStep
    {
        /// <inheritdoc/>
        public override void Run(int threads)
        {
            foreach (var (chunks, body) in phases)
                WorkerPool.Shared.Run(chunks, threads, body);
        }
    }
}
