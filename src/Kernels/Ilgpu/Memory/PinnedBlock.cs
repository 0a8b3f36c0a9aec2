using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Host memory that the system may neither move nor page out, so that a device copies it by itself while the host goes on.</summary>
/// <remarks>Plain memory on devices that have no page locking.</remarks>
internal sealed class PinnedBlock(Accelerator accelerator, int length, DeviceEvent lastUse) : IDisposable
{
    private readonly PageLockedArray1D<byte> _memory = accelerator.AllocatePageLocked1D<byte>(length, uninitialized: true);

    /// <summary>Behind the last copy that reads or writes the block.</summary>
    public DeviceEvent LastUse => lastUse;

    /// <summary>All bytes; their address never changes.</summary>
    public Span<byte> Bytes => _memory.Span;

    /// <summary>Bytes that copies under way were given.</summary>
    public int Used { get; set; }

    public void Dispose()
    {
        _memory.Dispose();
        lastUse.Dispose();
    }
}
