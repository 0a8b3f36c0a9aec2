namespace ResNeSt.Tensors.Backends;

/// <summary>Device <c>deferred</c>: tensors whose values lie elsewhere, in a file say, and are fetched each time they are asked for.</summary>
/// <remarks>Nothing is computed there. A network with deferred weights takes no memory, and compiling it reads each weight once, just when it is packed.</remarks>
public sealed class DeferredBackend() : Backend(Device.Deferred)
{
    /// <summary>Always refuses: see <see cref="Tensor.Deferred(TensorSpec, Action{Span{byte}})"/>.</summary>
    public override Storage Allocate(long byteLength) => throw Refusal();

    /// <summary>Always refuses.</summary>
    public override void Upload(ReadOnlySpan<byte> source, Storage destination) => throw Refusal();

    /// <summary>Fetches the values.</summary>
    public override void Download(Storage source, Span<byte> destination) => ((DeferredStorage)source).Fetch(0, destination);

    /// <summary>Fetches some of a tensor's values.</summary>
    /// <param name="tensor">A tensor of this device.</param>
    /// <param name="offset">First byte of its packed values, a multiple of the element size.</param>
    /// <param name="destination">Filled whole.</param>
    /// <returns>False, and nothing was done, where only all values at once can be fetched.</returns>
    public static bool TryFetch(Tensor tensor, long offset, Span<byte> destination)
    {
        if (tensor.Storage is not DeferredStorage { HasRanges: true } storage)
            return false;
        if (offset < 0 || destination.Length > tensor.Spec.ByteLength - offset)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"deferred tensor {tensor.Spec}: {destination.Length} bytes from {offset} leave its {tensor.Spec.ByteLength}");
        if (destination.Length > 0)
            storage.Fetch(offset, destination);
        return true;
    }

    /// <summary>Always refuses.</summary>
    public override void Copy(Storage source, Storage destination, long byteLength) => throw Refusal();

    private static NotSupportedException Refusal() =>
        new("device deferred: its tensors can only be read; move them to another device first");

    /// <summary>A promise of values.</summary>
    internal sealed class DeferredStorage(Backend backend, long byteLength, Action<long, Span<byte>> fetch, bool hasRanges) : Storage(backend, byteLength)
    {
        public bool HasRanges => hasRanges;

        public void Fetch(long offset, Span<byte> destination) => fetch(offset, destination);

        protected override void Free()
        {
        }
    }
}
