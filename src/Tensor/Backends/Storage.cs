namespace ResNeSt.Tensors.Backends;

/// <summary>Reference-counted memory of one backend, shared by every tensor that views it.</summary>
/// <remarks>Created with one reference. The finalizer only guards against handles that were dropped without being disposed.</remarks>
public abstract class Storage
{
    private int _references = 1;
    private int _version;

    /// <param name="backend">The owner.</param>
    /// <param name="byteLength">Usable bytes.</param>
    protected Storage(Backend backend, long byteLength)
    {
        Backend = backend;
        ByteLength = byteLength;
        backend.CountStorage(+1, byteLength);
    }

    /// <summary>Frees memory that nobody released.</summary>
    ~Storage()
    {
        if (Interlocked.Exchange(ref _references, 0) > 0)
            Release(finalizing: true);
    }

    /// <summary>The backend whose memory this is.</summary>
    public Backend Backend { get; }

    /// <summary>Usable bytes.</summary>
    public long ByteLength { get; }

    /// <summary>Counts the in-place writes; a gradient rule refuses a saved tensor whose version has moved on.</summary>
    public int Version => Volatile.Read(ref _version);

    /// <summary>The bytes, where they are host memory.</summary>
    /// <exception cref="NotSupportedException">The memory belongs to a device.</exception>
    public virtual Span<byte> HostBytes =>
        throw new NotSupportedException($"memory of device {Backend.Device} cannot be read directly; use Tensor.ToArray");

    /// <summary>Notes an in-place write.</summary>
    public void MarkWritten() => Interlocked.Increment(ref _version);

    /// <summary>Adds a reference.</summary>
    public void AddReference()
    {
        if (Interlocked.Increment(ref _references) <= 1)
            throw new ObjectDisposedException(nameof(Storage));
    }

    /// <summary>Drops a reference; the last one frees the memory.</summary>
    public void ReleaseReference()
    {
        if (Interlocked.Decrement(ref _references) != 0)
            return;
        GC.SuppressFinalize(this);
        Release(finalizing: false);
    }

    /// <summary>Gives the memory back; called once, possibly on the finalizer thread.</summary>
    protected abstract void Free();

    private void Release(bool finalizing)
    {
        Backend.CountStorage(-1, -ByteLength);
        if (finalizing)
            Backend.CountLeak();
        Free();
    }
}
