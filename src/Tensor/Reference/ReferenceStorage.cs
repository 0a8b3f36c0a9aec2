using System.Runtime.InteropServices;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Tensors.Reference;

/// <summary>Managed memory, left to the garbage collector.</summary>
internal sealed class ReferenceStorage : Storage
{
    private readonly int _offset;

    // An array of ulong keeps every element type aligned.
    private ulong[] _words;

    public ReferenceStorage(Backend backend, long byteLength)
        : base(backend, byteLength) => _words = new ulong[(byteLength + 7) / 8];

    /// <summary>A part of another block.</summary>
    public ReferenceStorage(ReferenceStorage block, long offset, long byteLength)
        : base(block.Backend, byteLength) => (_words, _offset) = (block._words, checked(block._offset + (int)offset));

    public override Span<byte> HostBytes => MemoryMarshal.AsBytes(_words.AsSpan()).Slice(_offset, (int)ByteLength);

    protected override void Free() => _words = [];
}
