using System.Runtime.InteropServices;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Tensors.Reference;

/// <summary>Managed memory, left to the garbage collector.</summary>
internal sealed class ReferenceStorage(Backend backend, long byteLength) : Storage(backend, byteLength)
{
    // An array of ulong keeps every element type aligned.
    private ulong[] _words = new ulong[(byteLength + 7) / 8];

    public override Span<byte> HostBytes => MemoryMarshal.AsBytes(_words.AsSpan())[..(int)ByteLength];

    protected override void Free() => _words = [];
}
