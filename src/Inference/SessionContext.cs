using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>What one run at a time needs: a block of memory, and the steps tied to it.</summary>
internal sealed class SessionContext : IDisposable
{
    private readonly Storage _block;
    private readonly Storage[] _buffers;

    public SessionContext(Backend backend, LoweredGraph graph, MemoryPlan plan)
    {
        _block = backend.Allocate(plan.ByteLength);
        _buffers = new Storage[graph.Buffers.Count];
        for (int i = 0; i < _buffers.Length; i++)
            _buffers[i] = backend.Slice(_block, plan.Offsets[i], graph.Buffers[i].ByteLength);
        Steps = new BoundStep[graph.Steps.Count];
        for (int i = 0; i < Steps.Length; i++)
            Steps[i] = graph.Steps[i].Bind(_buffers);
        Inputs = [.. graph.Inputs.Select(buffer => _buffers[buffer])];
        Outputs = [.. graph.Outputs.Select(buffer => _buffers[buffer])];
    }

    public BoundStep[] Steps { get; }

    public Storage[] Inputs { get; }

    public Storage[] Outputs { get; }

    public void Dispose()
    {
        foreach (var step in Steps)
            step.Dispose();
        foreach (var buffer in _buffers)
            buffer.ReleaseReference();
        _block.ReleaseReference();
    }
}
