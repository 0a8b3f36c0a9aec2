namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Pinned blocks in the order in which they were given back; one is handed out again only when the device has passed its last use.</summary>
/// <param name="create">Makes a block.</param>
/// <param name="limit">Blocks above which the pool waits for the oldest instead of making one more.</param>
internal sealed class PinnedPool(Func<PinnedBlock> create, int limit) : IDisposable
{
    private readonly Queue<PinnedBlock> _returned = [];
    private readonly Lock _gate = new();
    private bool _disposed;

    /// <summary>Blocks made so far.</summary>
    public int Count { get; private set; }

    /// <summary>A block that nobody uses.</summary>
    public PinnedBlock Rent()
    {
        PinnedBlock? oldest;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            // Where every block is in somebody's hands one more is made whatever the limit: those who hold one may be waiting for another.
            if (!_returned.TryPeek(out oldest) || (Count < limit && !oldest.LastUse.HasPassed))
            {
                var block = create();
                Count++;
                return block;
            }

            _returned.Dequeue();
        }

        oldest.LastUse.Wait();
        oldest.Used = 0;
        return oldest;
    }

    /// <summary>Takes a block back, whose last use may still be ahead of the device.</summary>
    public void Return(PinnedBlock block)
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _returned.Enqueue(block);
                return;
            }
        }

        block.Dispose();
    }

    /// <summary>Frees the blocks that were given back; the device must have come to the end of its work.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            while (_returned.TryDequeue(out var block))
                block.Dispose();
        }
    }
}
