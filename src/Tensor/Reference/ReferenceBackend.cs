using ResNeSt.Tensors.Backends;

namespace ResNeSt.Tensors.Reference;

/// <summary>The oracle: every primitive operator as plain loops in double precision, on managed memory. Slow and kept forever.</summary>
public sealed class ReferenceBackend : Backend
{
    /// <summary>Makes the backend; usually through <see cref="BackendRegistry.Get"/> with device <c>reference</c>.</summary>
    public ReferenceBackend()
        : this(Device.Reference)
    {
    }

    /// <summary>Makes the backend under another device name.</summary>
    public ReferenceBackend(Device device)
        : base(device)
    {
        ReferenceKernelTable.AddTo(Kernels);
    }

    /// <inheritdoc/>
    public override Storage Allocate(long byteLength) => new ReferenceStorage(this, byteLength);

    /// <inheritdoc/>
    public override Storage Slice(Storage block, long offset, long byteLength) => new ReferenceStorage((ReferenceStorage)block, offset, byteLength);

    /// <inheritdoc/>
    public override void Upload(ReadOnlySpan<byte> source, Storage destination) => source.CopyTo(destination.HostBytes);

    /// <inheritdoc/>
    public override void Clear(Storage storage) => storage.HostBytes.Clear();

    /// <inheritdoc/>
    public override void Download(Storage source, Span<byte> destination) => source.HostBytes[..destination.Length].CopyTo(destination);

    /// <inheritdoc/>
    public override void Copy(Storage source, Storage destination, long byteLength) =>
        source.HostBytes[..(int)byteLength].CopyTo(destination.HostBytes);
}
