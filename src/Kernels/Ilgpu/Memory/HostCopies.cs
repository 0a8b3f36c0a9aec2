using ILGPU;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Copies between host and device through pinned blocks. An upload waits for nothing as long as there is room in the blocks: the caller's
/// memory is free once it returns, and the device fetches the values in the order of its work.</summary>
/// <param name="pool">The blocks.</param>
/// <param name="onStream">Runs an action, called so in measurements, with the stream of the work; one at a time.</param>
internal sealed class HostCopies(PinnedPool pool, Action<string, Action<AcceleratorStream>> onStream) : IDisposable
{
    /// <summary>Bytes of a block: large enough for the bus's full speed, small enough to fill one while the last is on its way.</summary>
    public const int BlockLength = 4 << 20;

    /// <summary>Blocks at most: three batches of 64 pictures of 224² in F32.</summary>
    public const int BlockLimit = 32;

    // Small uploads share a block; each begins where the bus likes it.
    private const int Alignment = 256;

    private readonly Lock _gate = new();
    private PinnedBlock? _filling;

    /// <summary>Copies to the device; does not wait for it.</summary>
    public void Upload(ReadOnlySpan<byte> source, ArrayView<byte> destination)
    {
        lock (_gate)
        {
            for (int at = 0; at < source.Length;)
            {
                var block = _filling ??= pool.Rent();
                if (block.Used > 0 && block.LastUse.HasPassed)
                    block.Used = 0;
                int start = block.Used, count = Math.Min(source.Length - at, block.Bytes.Length - start);
                source.Slice(at, count).CopyTo(block.Bytes[start..]);
                var target = destination.SubView(at, count);
                onStream("memory.upload", stream =>
                {
                    target.CopyFromCPUUnsafeAsync(stream, ref block.Bytes[start], count);
                    block.LastUse.Record(stream);
                });
                at += count;
                block.Used = (start + count + Alignment - 1) / Alignment * Alignment;
                if (block.Used < block.Bytes.Length)
                    continue;
                _filling = null;
                pool.Return(block);
            }
        }
    }

    /// <summary>Waits for the work so far and copies to the host. While the host empties one block the device fills the next.</summary>
    public void Download(ArrayView<byte> source, Span<byte> destination)
    {
        PinnedBlock? filled = null, next = null;
        try
        {
            int start = 0;
            for (int at = 0; at < destination.Length || filled is not null;)
            {
                int count = Math.Min(destination.Length - at, BlockLength);
                if (count > 0)
                {
                    var block = next = pool.Rent();
                    var part = source.SubView(at, count);
                    onStream("memory.download", stream =>
                    {
                        part.CopyToCPUUnsafeAsync(stream, ref block.Bytes[0], count);
                        block.LastUse.Record(stream);
                    });
                    block.Used = count;
                }

                if (filled is not null)
                {
                    filled.LastUse.Wait();
                    filled.Bytes[..filled.Used].CopyTo(destination[start..]);
                    start += filled.Used;
                    pool.Return(filled);
                }

                (filled, next) = (next, null);
                at += count;
            }
        }
        finally
        {
            // After a fault; what it was used for is behind its event.
            if (filled is not null)
                pool.Return(filled);
            if (next is not null)
                pool.Return(next);
        }
    }

    /// <summary>Frees the blocks; the device must have come to the end of its work.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_filling is not null)
                pool.Return(_filling);
            _filling = null;
        }

        pool.Dispose();
    }
}
