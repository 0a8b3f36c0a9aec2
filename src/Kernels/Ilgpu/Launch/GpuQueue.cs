using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>An accelerator with the one stream on which a backend's work runs in order, its kernels and its memory.</summary>
internal sealed class GpuQueue : IDisposable
{
    /// <summary>Threads of a group in kernels that do not need a certain number.</summary>
    public const int MaxGroup = 256;

    private const int HistoryLength = 16;

    [ThreadStatic]
    private static Recording? _recording;

    private readonly Lock _gate = new();
    private readonly string _device;
    private readonly string?[] _history = new string?[HistoryLength];
    private int _launches;

    public GpuQueue(Accelerator accelerator, string device)
    {
        Accelerator = accelerator;
        _device = device;
        // The default stream of CUDA is the NULL stream, which synchronises with others and cannot be captured.
        Stream = accelerator.CreateStream();
        Kernels = new KernelCache(accelerator);
        Memory = new DeviceMemoryPool(accelerator, device);
        Tables = new TableCache(this);
        Tuner = new Autotuner(accelerator.Name);
    }

    public Accelerator Accelerator { get; }

    /// <summary>The stream on which all work of the backend runs in order.</summary>
    public AcceleratorStream Stream { get; }

    /// <summary>Where this thread's launches go.</summary>
    private AcceleratorStream Target => _recording?.Stream ?? Stream;

    /// <summary>Where this thread's launches rent memory.</summary>
    public DeviceMemoryPool WorkMemory => _recording?.Memory ?? Memory;

    public KernelCache Kernels { get; }

    public DeviceMemoryPool Memory { get; }

    public TableCache Tables { get; }

    /// <summary>Measured choices among the variants of products.</summary>
    public Autotuner Tuner { get; }

    /// <summary>Whether a launch may be measured now: not while it is being recorded.</summary>
    public bool CanMeasure => _recording is null;

    /// <summary>A variant that every product must use, for tests; else the shape decides.</summary>
    public GemmVariant ForcedVariant { get; set; }

    /// <summary>What products round their factors to where tensor cores multiply them.</summary>
    public GpuPrecision Precision { get; set; }

    /// <summary>Whether the device has the tensor cores that <see cref="TensorGemmKernel"/> is written for: Ampere and later.</summary>
    public bool HasTensorCores => Accelerator is CudaAccelerator { Architecture.Major: >= 8 };

    /// <summary>Threads of a group that this device can have, at most <see cref="MaxGroup"/>.</summary>
    public int GroupSize => Math.Min(MaxGroup, Accelerator.MaxNumThreadsPerGroup);

    /// <summary>Groups that keep the device busy in a kernel that strides over its data, at most one per <paramref name="perGroup"/> items.</summary>
    public int Groups(long items, long perGroup) =>
        (int)Math.Clamp((items + perGroup - 1) / perGroup, 1, Accelerator.AcceleratorType == AcceleratorType.CPU ? 1 : Accelerator.NumMultiprocessors * 16L);

    /// <summary>Grid and groups of a kernel whose threads stride over <paramref name="items"/>, some of them a step.</summary>
    public KernelConfig Over(long items, int itemsPerStep) => (Groups(items, (long)GroupSize * itemsPerStep), GroupSize);

    /// <summary>Grid and groups of a kernel whose warps stride over <paramref name="items"/>.</summary>
    public KernelConfig OverWarps(long items) => (Groups(items, GroupSize / Accelerator.WarpSize), GroupSize);

    public void Launch<T1>(
        GpuKernel<Action<AcceleratorStream, KernelConfig, T1>> kernel, KernelConfig config, T1 a1)
        where T1 : struct
    {
        var launcher = Prepare(kernel);
        lock (_gate)
        {
            try
            {
                launcher(Target, config, a1);
            }
            catch (AcceleratorException e)
            {
                throw Fault(e);
            }
        }
    }

    public void Launch<T1, T2>(
        GpuKernel<Action<AcceleratorStream, KernelConfig, T1, T2>> kernel, KernelConfig config, T1 a1, T2 a2)
        where T1 : struct
        where T2 : struct
    {
        var launcher = Prepare(kernel);
        lock (_gate)
        {
            try
            {
                launcher(Target, config, a1, a2);
            }
            catch (AcceleratorException e)
            {
                throw Fault(e);
            }
        }
    }

    public void Launch<T1, T2, T3>(
        GpuKernel<Action<AcceleratorStream, KernelConfig, T1, T2, T3>> kernel, KernelConfig config, T1 a1, T2 a2, T3 a3)
        where T1 : struct
        where T2 : struct
        where T3 : struct
    {
        var launcher = Prepare(kernel);
        lock (_gate)
        {
            try
            {
                launcher(Target, config, a1, a2, a3);
            }
            catch (AcceleratorException e)
            {
                throw Fault(e);
            }
        }
    }

    public void Launch<T1, T2, T3, T4>(
        GpuKernel<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4>> kernel, KernelConfig config, T1 a1, T2 a2, T3 a3, T4 a4)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
    {
        var launcher = Prepare(kernel);
        lock (_gate)
        {
            try
            {
                launcher(Target, config, a1, a2, a3, a4);
            }
            catch (AcceleratorException e)
            {
                throw Fault(e);
            }
        }
    }

    public void Launch<T1, T2, T3, T4, T5>(
        GpuKernel<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5>> kernel, KernelConfig config, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct
    {
        var launcher = Prepare(kernel);
        lock (_gate)
        {
            try
            {
                launcher(Target, config, a1, a2, a3, a4, a5);
            }
            catch (AcceleratorException e)
            {
                throw Fault(e);
            }
        }
    }

    public void Launch<T1, T2, T3, T4, T5, T6>(
        GpuKernel<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6>> kernel, KernelConfig config, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct
        where T6 : struct
    {
        var launcher = Prepare(kernel);
        lock (_gate)
        {
            try
            {
                launcher(Target, config, a1, a2, a3, a4, a5, a6);
            }
            catch (AcceleratorException e)
            {
                throw Fault(e);
            }
        }
    }

    public void Launch<T1, T2, T3, T4, T5, T6, T7>(
        GpuKernel<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7>> kernel, KernelConfig config, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7)
        where T1 : struct
        where T2 : struct
        where T3 : struct
        where T4 : struct
        where T5 : struct
        where T6 : struct
        where T7 : struct
    {
        var launcher = Prepare(kernel);
        lock (_gate)
        {
            try
            {
                launcher(Target, config, a1, a2, a3, a4, a5, a6, a7);
            }
            catch (AcceleratorException e)
            {
                throw Fault(e);
            }
        }
    }

    /// <summary>Records what this thread launches meanwhile as a CUDA graph; nothing of it runs.</summary>
    public IReplay Record(Action work)
    {
        var memory = new DeviceMemoryPool(Accelerator, _device);
        using var stream = (CudaStream)Accelerator.CreateStream();
        try
        {
            _recording = new Recording(stream, memory);
            return new Recorded(CudaGraph.Record(stream, work), memory);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
        finally
        {
            _recording = null;
        }
    }

    /// <summary>Queues recorded work behind everything else.</summary>
    public void Launch(IReplay replay)
    {
        lock (_gate)
            replay.Launch(Stream);
    }

    /// <summary>Waits until all work is done.</summary>
    public void Synchronize()
    {
        try
        {
            Stream.Synchronize();
        }
        catch (AcceleratorException e)
        {
            throw Fault(e);
        }
    }

    /// <summary>Runs a copy or a fill in order with the kernels.</summary>
    public void Enqueue(Action<AcceleratorStream> work)
    {
        lock (_gate)
        {
            try
            {
                work(Target);
            }
            catch (AcceleratorException e)
            {
                throw Fault(e);
            }
        }
    }

    /// <summary>Copies an array into a block of its own.</summary>
    public unsafe MemoryBuffer Upload<T>(T[] values)
        where T : unmanaged
    {
        var block = Accelerator.AllocateRaw(values.Length, sizeof(T));
        // ILGPU keeps the bare address: an array that the garbage collector moves meanwhile would be read where it no longer is.
        fixed (T* pinned = values)
        {
            lock (_gate)
                block.AsArrayView<T>(0, values.Length).CopyFromCPU(Stream, ref *pinned, values.Length);
            Stream.Synchronize();
        }

        return block;
    }

    /// <summary>Launches a product into its result, or, where its sums are cut, into rented memory and adds the parts up.</summary>
    /// <param name="plan">The product's plan.</param>
    /// <param name="result">Where it goes.</param>
    /// <param name="bias">Added at the end.</param>
    /// <param name="biased">Whether there is a bias.</param>
    /// <param name="biasPlane">Neighbouring elements that share a bias.</param>
    /// <param name="biasLength">Number of biases.</param>
    /// <param name="launch">Given target, elements from a part to the next, and whether to add the bias there.</param>
    public void WithSplits(
        in GemmPlan plan, ArrayView<float> result, ArrayView<float> bias, bool biased, int biasPlane, int biasLength, Action<ArrayView<float>, int, bool> launch)
    {
        if (plan.Depth.Splits == 1)
        {
            launch(result, 0, biased);
            return;
        }

        int count = result.IntLength;
        using var parts = new Workspace(this, (long)count * plan.Depth.Splits);
        launch(parts.Floats, count, false);
        Launch(SplitSum.Kernel, Over(count, 1), parts.Floats, result, new SplitSumShape(count, plan.Depth.Splits, biased, biasPlane, biasLength), bias);
    }

    /// <summary>Copies host memory to the device. The host memory may change once this returns.</summary>
    public unsafe void CopyFromHost(ref byte source, long byteLength, ArrayView<byte> destination)
    {
        lock (_gate)
        {
            try
            {
                // ILGPU keeps the bare address: memory that the garbage collector moves meanwhile would be read where it no longer is.
                fixed (byte* pinned = &source)
                    destination.SubView(0, byteLength).CopyFromCPU(Stream, ref *pinned, byteLength);
            }
            catch (AcceleratorException e)
            {
                throw Fault(e);
            }
        }
    }

    /// <summary>Waits for the work so far and copies device memory to the host.</summary>
    public unsafe void CopyToHost(ArrayView<byte> source, ref byte destination, long byteLength)
    {
        lock (_gate)
        {
            try
            {
                // Pinned for the same reason as in CopyFromHost: else the values would arrive where the array was, and zeros be seen.
                fixed (byte* pinned = &destination)
                {
                    source.SubView(0, byteLength).CopyToCPU(Stream, ref *pinned, byteLength);
                    Stream.Synchronize();
                }
            }
            catch (AcceleratorException e)
            {
                throw Fault(e);
            }
        }
    }

    public void Dispose()
    {
        Stream.Synchronize();
        Kernels.Dispose();
        Tables.Dispose();
        Memory.Dispose();
        Stream.Dispose();
        Accelerator.Dispose();
    }

    /// <summary>A recording with the memory whose addresses it holds.</summary>
    private sealed class Recorded(CudaGraph graph, DeviceMemoryPool memory) : IReplay
    {
        public void Launch(AcceleratorStream stream) => graph.Launch(stream);

        public void Dispose()
        {
            graph.Dispose();
            memory.Dispose();
        }
    }

    private TLauncher Prepare<TLauncher>(GpuKernel<TLauncher> kernel)
        where TLauncher : Delegate
    {
        int slot = Interlocked.Increment(ref _launches) - 1 & HistoryLength - 1;
        _history[slot] = kernel.Name;
        return Kernels.Get(kernel);
    }

    /// <summary>Faults of a device show at some later call; the history says what may have caused them.</summary>
    private DeviceException Fault(Exception cause)
    {
        int launches = Volatile.Read(ref _launches);
        var names = Enumerable.Range(0, Math.Min(launches, HistoryLength)).Select(back => _history[launches - 1 - back & HistoryLength - 1]);
        return new DeviceException($"device {_device} failed: {cause.Message}; last launches, newest first: {string.Join(", ", names)}", cause);
    }
}
