using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>A step that is one or more launches.</summary>
/// <param name="name">The algorithm, for people.</param>
/// <param name="node">The node it computes; null for a change of layout.</param>
/// <param name="reads">Buffers it reads.</param>
/// <param name="writes">Buffers it writes, those that it needs only meanwhile included.</param>
/// <param name="cost">Operations of the node, and bytes of all that is read and written as it lies in memory.</param>
/// <param name="bind">Given all buffers: what runs.</param>
/// <param name="owned">Packed weights.</param>
internal sealed class LaunchStep(
    string name, GraphNode? node, IReadOnlyList<int> reads, IReadOnlyList<int> writes, OpCost cost, Func<IReadOnlyList<Storage>, Action> bind, PackedFilter? owned)
    : GraphStep
{
    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override GraphNode? Node => node;

    /// <inheritdoc/>
    public override IReadOnlyList<int> Reads => reads;

    /// <inheritdoc/>
    public override IReadOnlyList<int> Writes => writes;

    /// <inheritdoc/>
    public override long WeightBytes => owned?.ByteLength ?? 0;

    /// <inheritdoc/>
    public override OpCost Cost => cost;

    /// <inheritdoc/>
    public override BoundStep Bind(IReadOnlyList<Storage> buffers) => new Bound(bind(buffers));

    /// <inheritdoc/>
    public override void Dispose()
    {
        owned?.Dispose();
        base.Dispose();
    }

    private sealed class Bound(Action launch) : BoundStep
    {
        public override void Run(int threads) => launch();
    }
}
