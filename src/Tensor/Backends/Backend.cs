using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Tensors.Backends;

/// <summary>What an author of a backend implements: memory, copies, and a table of kernels.</summary>
/// <remarks>Every <see cref="PrimitiveOp"/> needs a kernel; a <see cref="CompositeOp"/> may have one. Register the backend with
/// <see cref="BackendRegistry.Register"/>. Work may run asynchronously in order; only <see cref="Download"/> and
/// <see cref="Synchronize"/> wait.</remarks>
public abstract class Backend(Device device) : IDisposable
{
    private long _liveBytes;
    private int _liveStorages;
    private int _leakedStorages;

    /// <summary>The device whose memory and processors this backend uses.</summary>
    public Device Device { get; } = device;

    /// <summary>The kernels, by operator.</summary>
    public KernelTable Kernels { get; } = new();

    /// <summary>Bytes in storage that is still referenced.</summary>
    public long LiveBytes => Interlocked.Read(ref _liveBytes);

    /// <summary>Number of storages that are still referenced; tests compare it before and after.</summary>
    public int LiveStorages => Volatile.Read(ref _liveStorages);

    /// <summary>Number of storages that only the garbage collector freed: handles dropped without scope or Dispose.</summary>
    public int LeakedStorages => Volatile.Read(ref _leakedStorages);

    /// <summary>Memory for at least <paramref name="byteLength"/> bytes, uninitialised, with one reference.</summary>
    public abstract Storage Allocate(long byteLength);

    /// <summary>Copies host bytes to the start of <paramref name="destination"/>.</summary>
    public abstract void Upload(ReadOnlySpan<byte> source, Storage destination);

    /// <summary>Waits for the work that produces <paramref name="source"/> and copies its first bytes to the host.</summary>
    public abstract void Download(Storage source, Span<byte> destination);

    /// <summary>Copies the first <paramref name="byteLength"/> bytes between two storages of this backend.</summary>
    public abstract void Copy(Storage source, Storage destination, long byteLength);

    /// <summary>Fills <paramref name="storage"/> with zeros.</summary>
    public virtual void Clear(Storage storage) => Upload(new byte[storage.ByteLength], storage);

    /// <summary>Waits until all work given so far is done.</summary>
    public virtual void Synchronize()
    {
    }

    /// <summary>Begins to time each launch on the device's own clock, those of other threads too; several measurements may overlap.</summary>
    /// <returns>Null where work runs in the calling thread, so that the host's clock is right.</returns>
    public virtual DeviceProfile? StartProfile() => null;

    /// <summary>A part of <paramref name="block"/> as storage of its own, without a reference of its own on the block's memory: the block must outlive it.</summary>
    /// <param name="block">Storage of this backend.</param>
    /// <param name="offset">First byte, a multiple of 64.</param>
    /// <param name="byteLength">Usable bytes.</param>
    public virtual Storage Slice(Storage block, long offset, long byteLength) =>
        throw new NotSupportedException($"device {Device} cannot divide memory, so it has no compiled sessions");

    /// <summary>Lets a library of the device's maker work on memory of this backend, in order with the kernels.</summary>
    /// <param name="memory">Storages of this backend.</param>
    /// <param name="work">Told the native handle of the queue (a CUDA stream) and the device address of each storage; it enqueues and does not wait.</param>
    /// <returns>False, and nothing was done, where the device is none that such a library knows.</returns>
    public virtual bool EnqueueNative(IReadOnlyList<Storage> memory, Action<IntPtr, IReadOnlyList<IntPtr>> work) => false;

    /// <summary>Called before a network is traced for <see cref="Lower"/>: what takes time at its first use may begin now, on another thread.</summary>
    /// <remarks>By default nothing happens. It returns at once.</remarks>
    public virtual void WarmUp(LoweringOptions options)
    {
    }

    /// <summary>Turns a graph into steps for this backend's memory: chooses algorithms and layouts and packs the weights.</summary>
    /// <remarks>By default every node becomes a launch of its kernel on dense row-major tensors.</remarks>
    public virtual LoweredGraph Lower(Graph graph, LoweringOptions options) => DenseLowering.Lower(this, graph);

    /// <summary>Whether <see cref="Lower"/> takes an operator as a node; a composite that it does not take is replaced by its definition before.</summary>
    /// <remarks>By default what has a kernel. A backend that computes fused operators in compiled sessions only overrides it.</remarks>
    public virtual bool CanLower(Op op, ReadOnlySpan<TensorSpec> inputs) => FindKernel(op, inputs) is not null;

    /// <summary>For a backend that records instead of computing: a tensor of another device as a constant of the recording. Null everywhere else.</summary>
    public virtual Tensor? Import(Tensor constant) => null;

    /// <summary>The kernel that computes <paramref name="op"/> on such inputs, or null.</summary>
    public virtual Kernel? FindKernel(Op op, ReadOnlySpan<TensorSpec> inputs) => Kernels.Find(op, inputs);

    /// <inheritdoc/>
    public virtual void Dispose() => GC.SuppressFinalize(this);

    internal void CountStorage(int storages, long bytes)
    {
        Interlocked.Add(ref _liveStorages, storages);
        Interlocked.Add(ref _liveBytes, bytes);
    }

    internal void CountLeak() => Interlocked.Increment(ref _leakedStorages);
}
