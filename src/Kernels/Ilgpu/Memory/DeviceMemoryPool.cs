using ILGPU.Runtime;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Keeps freed device memory by size and hands it out again.</summary>
/// <remarks>Allocating on CUDA waits for the device; a forward pass asks for the same sizes every time. All work runs in order on one
/// stream, so memory may be handed out again while kernels that use it are still queued: the next user queues behind them.</remarks>
internal sealed class DeviceMemoryPool(Accelerator accelerator, string device) : IDisposable
{
    /// <summary>Every block begins at a multiple of this, and ILGPU assumes it of every view that a kernel gets.</summary>
    private const long Granularity = 256;

    private readonly Dictionary<long, Stack<MemoryBuffer>> _free = [];
    private readonly Lock _gate = new();
    private bool _disposed;

    /// <summary>Bytes taken from the device: in use and kept.</summary>
    public long ReservedBytes { get; private set; }

    /// <summary>A block of at least <paramref name="byteLength"/> bytes, uninitialised.</summary>
    /// <exception cref="DeviceException">The device has no such memory left.</exception>
    public MemoryBuffer Rent(long byteLength)
    {
        long size = RoundUp(byteLength);
        lock (_gate)
        {
            if (_free.TryGetValue(size, out var blocks) && blocks.TryPop(out var block))
                return block;
            try
            {
                return Allocate(size);
            }
            catch (Exception e) when (e is AcceleratorException or OutOfMemoryException)
            {
                // What is kept in other sizes may be just what is missing.
                Trim();
            }

            try
            {
                return Allocate(size);
            }
            catch (Exception e) when (e is AcceleratorException or OutOfMemoryException)
            {
                throw new DeviceException($"device {device}: no memory for {size} bytes more ({ReservedBytes} bytes are in use); use a smaller batch", e);
            }
        }
    }

    /// <summary>Takes a block back; may be called from the finalizer thread.</summary>
    public void Return(MemoryBuffer block)
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            if (!_free.TryGetValue(block.LengthInBytes, out var blocks))
                _free.Add(block.LengthInBytes, blocks = new Stack<MemoryBuffer>());
            blocks.Push(block);
        }
    }

    /// <summary>Gives every kept block back to the device.</summary>
    public void Trim()
    {
        lock (_gate)
        {
            foreach (var blocks in _free.Values)
            {
                while (blocks.TryPop(out var block))
                {
                    ReservedBytes -= block.LengthInBytes;
                    block.Dispose();
                }
            }

            _free.Clear();
        }
    }

    /// <summary>Gives the kept blocks back; those in use go with the accelerator.</summary>
    public void Dispose()
    {
        Trim();
        _disposed = true;
    }

    private MemoryBuffer Allocate(long size)
    {
        var block = accelerator.AllocateRaw(size, 1);
        ReservedBytes += size;
        return block;
    }

    private static long RoundUp(long byteLength)
    {
        long size = Math.Max(byteLength, Granularity);
        long step = Math.Max(Granularity, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)size) / 8);
        return (size + step - 1) / step * step;
    }
}
