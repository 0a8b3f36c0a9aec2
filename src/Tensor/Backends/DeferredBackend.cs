namespace ResNeSt.Tensors.Backends;

/// <summary>Device <c>deferred</c>: tensors whose values lie elsewhere, in a file say, and are fetched each time they are asked for.</summary>
/// <remarks>Nothing is computed there. A network with deferred weights takes no memory, and compiling it reads each weight once, just when it is packed.</remarks>
public sealed class DeferredBackend() : Backend(Device.Deferred)
{
    /// <summary>Always refuses: see <see cref="Tensor.Deferred"/>.</summary>
    public override Storage Allocate(long byteLength) => throw Refusal();

    /// <summary>Always refuses.</summary>
    public override void Upload(ReadOnlySpan<byte> source, Storage destination) => throw Refusal();

    /// <summary>Fetches the values.</summary>
    public override void Download(Storage source, Span<byte> destination) => ((DeferredStorage)source).Fetch(destination);

    /// <summary>Always refuses.</summary>
    public override void Copy(Storage source, Storage destination, long byteLength) => throw Refusal();

    private static NotSupportedException Refusal() =>
        new("device deferred: its tensors can only be read; move them to another device first");

    /// <summary>A promise of values.</summary>
    internal sealed class DeferredStorage(Backend backend, long byteLength, Action<Span<byte>> fetch) : Storage(backend, byteLength)
    {
        public void Fetch(Span<byte> destination) => fetch(destination);

        protected override void Free()
        {
        }
    }
}
