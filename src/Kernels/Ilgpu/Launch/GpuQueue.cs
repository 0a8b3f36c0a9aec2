using System.Runtime.InteropServices;
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

    [ThreadStatic]
    private static OpCall? _call;

    private readonly Lock _gate = new();
    private readonly string _device;
    private readonly string?[] _history = new string?[HistoryLength];
    private readonly List<LaunchProfile> _profiles = [];
    private int _launches;
    private volatile bool _profiled;

    public GpuQueue(Accelerator accelerator, string device)
    {
        Accelerator = accelerator;
        _device = device;
        // The default stream of CUDA is the NULL stream, which synchronises with others and cannot be captured.
        Stream = accelerator.CreateStream();
        Kernels = new KernelCache(accelerator);
        Memory = new DeviceMemoryPool(accelerator, device);
        Copies = new HostCopies(
            new PinnedPool(() => new PinnedBlock(accelerator, HostCopies.BlockLength, DeviceEvent.Create(accelerator, timed: false)), HostCopies.BlockLimit), OnStream);
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

    /// <summary>Pinned memory between host and device.</summary>
    public HostCopies Copies { get; }

    public TableCache Tables { get; }

    /// <summary>Measured choices among the variants of products.</summary>
    public Autotuner Tuner { get; }

    /// <summary>Whether a launch may be measured now: not while it is being recorded.</summary>
    public bool CanMeasure => _recording is null;

    /// <summary>Held by whoever gives the stream work.</summary>
    public Lock Gate => _gate;

    /// <summary>Whether launches are being timed.</summary>
    public bool IsProfiled => _profiled;

    /// <summary>A variant that every product must use, for tests; else the shape decides.</summary>
    public GemmVariant ForcedVariant { get; set; }

    /// <summary>What products round their factors to where tensor cores multiply them.</summary>
    public GpuPrecision Precision { get; set; }

    /// <summary>Whether the device has the tensor cores that <see cref="TensorGemmKernel"/> is written for: Ampere and later.</summary>
    public bool HasTensorCores => Accelerator is CudaAccelerator { Architecture.Major: >= 8 };

    /// <summary>Whether compiled sessions keep maps in the format of the tensor cores.</summary>
    public bool UsesMaps => Precision != GpuPrecision.F32 && (HasTensorCores || ForcedVariant is GemmVariant.Tensor64 or GemmVariant.Tensor128);

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
                using var timing = Time(kernel.Name);
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
                using var timing = Time(kernel.Name);
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
                using var timing = Time(kernel.Name);
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
                using var timing = Time(kernel.Name);
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
                using var timing = Time(kernel.Name);
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
                using var timing = Time(kernel.Name);
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
                using var timing = Time(kernel.Name);
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
    /// <param name="name">What measurements call it.</param>
    /// <param name="work">Given the stream.</param>
    public void Enqueue(string name, Action<AcceleratorStream> work)
    {
        lock (_gate)
        {
            try
            {
                using var timing = Time(name);
                work(Target);
            }
            catch (AcceleratorException e)
            {
                throw Fault(e);
            }
        }
    }

    /// <summary>Begins to time launches.</summary>
    public LaunchProfile Profile()
    {
        var profile = new LaunchProfile(this);
        lock (_gate)
        {
            _profiles.Add(profile);
            _profiled = true;
        }

        return profile;
    }

    /// <summary>Ends what <see cref="Profile"/> began.</summary>
    public void End(LaunchProfile profile)
    {
        lock (_gate)
        {
            _profiles.Remove(profile);
            _profiled = _profiles.Count > 0;
        }
    }

    /// <summary>Counts this thread's launches as the work of one operator until the result is disposed.</summary>
    public Attribution Attribute(OpCost cost)
    {
        _call = new OpCall(cost);
        return default;
    }

    /// <summary>Copies an array into a block of its own.</summary>
    public unsafe MemoryBuffer Upload<T>(T[] values)
        where T : unmanaged
    {
        var block = Accelerator.AllocateRaw(values.Length, sizeof(T));
        if (values.Length > 0)
            CopyFromHost(MemoryMarshal.AsBytes<T>(values), block.AsRawArrayView());
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

    /// <summary>Copies host memory to the device. The host memory may change once this returns; nothing waits for the device.</summary>
    public void CopyFromHost(ReadOnlySpan<byte> source, ArrayView<byte> destination)
    {
        try
        {
            Copies.Upload(source, destination);
        }
        catch (AcceleratorException e)
        {
            throw Fault(e);
        }
    }

    /// <summary>Waits for the work so far and copies device memory to the host.</summary>
    public void CopyToHost(ArrayView<byte> source, Span<byte> destination)
    {
        try
        {
            Copies.Download(source, destination);
        }
        catch (AcceleratorException e)
        {
            throw Fault(e);
        }
    }

    public void Dispose()
    {
        Stream.Synchronize();
        Kernels.Dispose();
        Copies.Dispose();
        Tables.Dispose();
        Memory.Dispose();
        Stream.Dispose();
        Accelerator.Dispose();
    }

    /// <summary>Ends what <see cref="Attribute"/> began.</summary>
    public readonly ref struct Attribution
    {
        public void Dispose() => _call = null;
    }

    /// <summary>What stands between the two events of a launch, in every measurement under way.</summary>
    private readonly ref struct Timing(List<TimedLaunch>? launches, AcceleratorStream stream)
    {
        public void Dispose()
        {
            if (launches is null)
                return;
            for (int i = launches.Count - 1; i >= 0; i--)
                launches[i].End.Record(stream);
        }
    }

    /// <summary>Times what is launched until the result is disposed; with the queue locked. What is only recorded does not run, so it has no time.</summary>
    private Timing Time(string name)
    {
        if (!_profiled || _recording is not null)
            return default;
        var launches = new List<TimedLaunch>(_profiles.Count);
        foreach (var profile in _profiles)
            launches.Add(profile.Begin(name, _call, Stream));
        return new Timing(launches, Stream);
    }

    /// <summary>Copies between host and device are never part of a recording.</summary>
    private void OnStream(string name, Action<AcceleratorStream> work)
    {
        lock (_gate)
        {
            using var timing = Time(name);
            work(Stream);
        }
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
