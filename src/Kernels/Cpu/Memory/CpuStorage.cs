using System.Runtime.InteropServices;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu;

/// <summary>A block of pooled native memory, aligned to 64 bytes.</summary>
/// <remarks>With <see cref="EngineSettings.CheckBounds"/> the block lies between two guard zones and is filled with NaN:
/// a kernel that writes outside is found when the block is freed, one that leaves elements unwritten shows NaN.</remarks>
internal sealed unsafe class CpuStorage : Storage
{
    private const int GuardBytes = 256;
    // As F32 or BF16 it is -1.7e38, as F16 NaN: a kernel that reads it and uses it gives itself away.
    private const byte GuardPattern = 0xFE;
    private const byte Poison = 0xFF;

    private readonly NativeMemoryPool _pool;
    private readonly byte* _block; // null for a part of another block
    private readonly long _blockLength;
    private readonly bool _guarded;
    private bool _isDivided;

    public CpuStorage(CpuBackend backend, NativeMemoryPool pool, long byteLength)
        : base(backend, byteLength)
    {
        _pool = pool;
        _guarded = EngineSettings.CheckBounds;
        _blockLength = byteLength + (_guarded ? 2 * GuardBytes : 0);
        _block = (byte*)pool.Rent(_blockLength);
        Pointer = _block;
        if (!_guarded)
            return;
        Pointer += GuardBytes;
        NativeMemory.Fill(_block, GuardBytes, GuardPattern);
        NativeMemory.Fill(Pointer, (nuint)byteLength, Poison);
        NativeMemory.Fill(Pointer + byteLength, GuardBytes, GuardPattern);
    }

    /// <summary>A part of another block, which must outlive it.</summary>
    public CpuStorage(CpuStorage block, long offset, long byteLength)
        : base(block.Backend, byteLength)
    {
        _pool = block._pool;
        _guarded = false;
        Pointer = block.Pointer + offset;
        block._isDivided = true;
    }

    /// <summary>The first byte.</summary>
    public byte* Pointer { get; }

    /// <summary>Where the memory comes from.</summary>
    public NativeMemoryPool Pool => _pool;

    /// <summary>The values in the order that a kernel likes best, kept as long as they are the same.</summary>
    public PackedWeight? Packed { get; set; }

    /// <summary>The version of the values for which a packing was last asked for and not made; -1 if none.</summary>
    public int PackingAskedFor { get; set; } = -1;

    public override Span<byte> HostBytes => new(Pointer, checked((int)ByteLength));

    protected override void Free()
    {
        if (_guarded)
            CheckGuards();
        if (_block is null)
            return;
        // What was divided is the working memory of a session: large, and of a size that nothing else asks for.
        if (_isDivided)
            NativeMemory.AlignedFree(_block);
        else
            _pool.Return(_block, _blockLength);
    }

    private void CheckGuards()
    {
        var before = new ReadOnlySpan<byte>(_block, GuardBytes);
        var after = new ReadOnlySpan<byte>(Pointer + ByteLength, GuardBytes);
        if (before.ContainsAnyExcept(GuardPattern) || after.ContainsAnyExcept(GuardPattern))
            throw new InvalidOperationException($"a kernel wrote outside a buffer of {ByteLength} bytes ({(before.ContainsAnyExcept(GuardPattern) ? "before" : "behind")} it)");
    }
}
