using ILGPU;
using ILGPU.Runtime;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>A block of pooled device memory.</summary>
/// <remarks>With <see cref="EngineSettings.CheckBounds"/> the block lies between two guard zones and is filled with NaN:
/// a kernel that writes outside is found when the block is freed, one that leaves elements unwritten shows NaN.</remarks>
internal sealed class IlgpuStorage : Storage
{
    // A multiple of the alignment that ILGPU assumes of views.
    private const int GuardBytes = 256;
    private const byte GuardPattern = 0xA5;
    private const byte Poison = 0xFF;

    private readonly GpuQueue _queue;
    private readonly MemoryBuffer? _block; // null for a part of another block
    private readonly bool _guarded;

    public IlgpuStorage(IlgpuBackend backend, long byteLength)
        : base(backend, byteLength)
    {
        _queue = backend.Queue;
        _guarded = EngineSettings.CheckBounds;
        long margin = _guarded ? GuardBytes : 0;
        _block = _queue.Memory.Rent(byteLength + 2 * margin);
        Bytes = _block.AsRawArrayView(margin, byteLength);
        if (_guarded)
            Poisoned(_block);
    }

    /// <summary>A part of another block, which must outlive it.</summary>
    public IlgpuStorage(IlgpuStorage block, long offset, long byteLength)
        : base(block.Backend, byteLength)
    {
        _queue = block._queue;
        Bytes = block.Bytes.SubView(offset, byteLength);
    }

    /// <summary>The bytes, for kernels and copies.</summary>
    public ArrayView<byte> Bytes { get; }

    protected override void Free()
    {
        if (_block is null)
            return;
        if (_guarded)
            CheckGuards(_block);
        _queue.Memory.Return(_block);
    }

    private void Poisoned(MemoryBuffer block) => _queue.Enqueue("memory.guard", stream =>
    {
        block.AsRawArrayView().MemSet(stream, GuardPattern);
        if (ByteLength > 0)
            Bytes.MemSet(stream, Poison);
    });

    private void CheckGuards(MemoryBuffer block)
    {
        // Pinned, since ILGPU keeps the bare address while it copies.
        var guards = GC.AllocateUninitializedArray<byte>(2 * GuardBytes, pinned: true);
        _queue.Enqueue("memory.guard", stream =>
        {
            block.AsRawArrayView(0, GuardBytes).CopyToCPU(stream, ref guards[0], GuardBytes);
            block.AsRawArrayView(GuardBytes + ByteLength, GuardBytes).CopyToCPU(stream, ref guards[GuardBytes], GuardBytes);
            stream.Synchronize();
        });
        int broken = guards.AsSpan().IndexOfAnyExcept(GuardPattern);
        if (broken >= 0)
            throw new InvalidOperationException($"a kernel wrote outside a buffer of {ByteLength} bytes ({(broken < GuardBytes ? "before" : "behind")} it)");
    }
}
