using System.Runtime.InteropServices;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Host memory that the system may neither move nor page out, so that a device copies it by itself while the host goes on.</summary>
/// <remarks>Page-locked by the CUDA driver; on devices that need no such thing it is plain memory outside of the collected heap.</remarks>
internal sealed unsafe class PinnedBlock : IDisposable
{
    private const int PageBytes = 4096;

    private readonly CudaAccelerator? _cuda;
    private readonly int _length;
    private nint _address;

    /// <exception cref="AcceleratorException">The driver cannot lock so much memory.</exception>
    public PinnedBlock(Accelerator accelerator, int length, DeviceEvent lastUse)
    {
        _cuda = accelerator as CudaAccelerator;
        _length = length;
        LastUse = lastUse;
        if (_cuda is null)
            _address = (nint)NativeMemory.AlignedAlloc((nuint)length, PageBytes);
        else
        {
            using var binding = _cuda.BindScoped();
            CudaException.ThrowIfFailed(CudaAPI.CurrentAPI.AllocateHostMemory(out _address, length));
        }
    }

    /// <summary>Behind the last copy that reads or writes the block.</summary>
    public DeviceEvent LastUse { get; }

    /// <summary>All bytes; their address never changes.</summary>
    public Span<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(_address == 0, this);
            return new Span<byte>((void*)_address, _length);
        }
    }

    /// <summary>Bytes that copies under way were given.</summary>
    public int Used { get; set; }

    /// <summary>Frees the memory; the device must be done with it.</summary>
    public void Dispose()
    {
        nint address = Interlocked.Exchange(ref _address, 0);
        if (address == 0)
            return;
        if (_cuda is null)
            NativeMemory.AlignedFree((void*)address);
        else
        {
            using var binding = _cuda.BindScoped();
            // What a broken device answers here tells nothing new.
            _ = CudaAPI.CurrentAPI.FreeHostMemory(address);
        }

        LastUse.Dispose();
    }
}
