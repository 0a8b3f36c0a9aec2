using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;
using Device = ResNeSt.Tensors.Device;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>One ILGPU accelerator: a CUDA or OpenCL device, or a simulated GPU on the host's threads.</summary>
/// <remarks>Work runs in order on one stream of its own; only reading values and <see cref="Synchronize"/> wait for it.</remarks>
public sealed class IlgpuBackend : Backend
{
    internal IlgpuBackend(Device device, Accelerator accelerator)
        : base(device)
    {
        Queue = new GpuQueue(accelerator, device.ToString());
        if (Enum.TryParse<GpuPrecision>(Environment.GetEnvironmentVariable("RESNEST_GPU_PRECISION"), ignoreCase: true, out var precision))
            Queue.Precision = precision;
        IlgpuKernelTable.AddTo(Kernels, Queue);
    }

    /// <summary>Stream, kernels and memory.</summary>
    internal GpuQueue Queue { get; }

    /// <summary>What convolutions and matrix products round their factors to where the device has tensor cores (NVIDIA, Ampere and later); sums are F32
    /// in every case, and other devices compute in F32. Sessions that are compiled meanwhile also keep what lies between their convolutions in it.
    /// Default F32; <c>RESNEST_GPU_PRECISION=tf32|f16|bf16</c> sets another.</summary>
    public GpuPrecision Precision
    {
        get => Queue.Precision;
        set => Queue.Precision = value;
    }

    /// <summary>Whether compiled sessions on CUDA record their launches once and then launch them as one, which saves the host's time where batches are
    /// small. Decided when a session is compiled. Off by default; <c>RESNEST_GPU_GRAPHS=1</c> turns it on.</summary>
    /// <remarks>While launches are being timed (<see cref="StartProfile"/>) sessions launch step by step.</remarks>
    public bool CaptureGraphs { get; set; } = Environment.GetEnvironmentVariable("RESNEST_GPU_GRAPHS") == "1";

    /// <summary>Makes the device kinds <c>cuda</c>, <c>opencl</c> and <c>ilgpu-cpu</c> known to the engine; more calls do nothing.</summary>
    public static void Register()
    {
        foreach (string kind in IlgpuDevices.Kinds)
            BackendRegistry.Register(kind, index => new IlgpuBackend(new Device(kind, index), IlgpuDevices.Open(kind, index)));
    }

    /// <inheritdoc/>
    public override Storage Allocate(long byteLength) => new IlgpuStorage(this, byteLength);

    /// <inheritdoc/>
    public override Storage Slice(Storage block, long offset, long byteLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + byteLength, block.ByteLength);
        return new IlgpuStorage((IlgpuStorage)block, offset, byteLength);
    }

    /// <inheritdoc/>
    public override void Clear(Storage storage)
    {
        var bytes = ((IlgpuStorage)storage).Bytes;
        if (bytes.Length > 0)
            Queue.Enqueue("memory.clear", stream => bytes.MemSetToZero(stream));
    }

    /// <inheritdoc/>
    public override void Upload(ReadOnlySpan<byte> source, Storage destination)
    {
        if (!source.IsEmpty)
            Queue.CopyFromHost(source, ((IlgpuStorage)destination).Bytes);
    }

    /// <inheritdoc/>
    public override void Download(Storage source, Span<byte> destination)
    {
        if (!destination.IsEmpty)
            Queue.CopyToHost(((IlgpuStorage)source).Bytes, destination);
    }

    /// <inheritdoc/>
    public override void Copy(Storage source, Storage destination, long byteLength)
    {
        if (byteLength == 0)
            return;
        var from = ((IlgpuStorage)source).Bytes.SubView(0, byteLength);
        var to = ((IlgpuStorage)destination).Bytes.SubView(0, byteLength);
        Queue.Enqueue("memory.copy", stream => from.CopyTo(stream, to));
    }

    /// <inheritdoc/>
    public override bool EnqueueNative(IReadOnlyList<Storage> memory, Action<IntPtr, IReadOnlyList<IntPtr>> work)
    {
        if (Queue.Accelerator is not CudaAccelerator accelerator)
            return false;
        Queue.Enqueue("native", stream =>
        {
            // CUDA's libraries take the context of the calling thread.
            accelerator.Bind();
            work(((CudaStream)stream).StreamPtr, [.. memory.Select(storage => ((IlgpuStorage)storage).Bytes.LoadEffectiveAddressAsPtr())]);
        });
        return true;
    }

    /// <inheritdoc/>
    public override LoweredGraph Lower(Graph graph, LoweringOptions options)
    {
        string file = options.AlgorithmFile ?? Autotuner.DefaultFile;
        Queue.Tuner.Use(file);
        // Products are measured at their first launch, with the memory that they then have.
        Queue.Tuner.Tuning |= options.Tune;
        var lowered = (Queue.UsesMaps, Precision) switch
        {
            (true, GpuPrecision.TF32) => new ChannelsLastLowering<FormatTF32>(this, graph).Lower(),
            (true, GpuPrecision.F16) => new ChannelsLastLowering<FormatF16>(this, graph).Lower(),
            (true, GpuPrecision.BF16) => new ChannelsLastLowering<FormatBF16>(this, graph).Lower(),
            _ => base.Lower(graph, options),
        };
        if (!CaptureGraphs || Queue.Accelerator is not CudaAccelerator)
            return lowered;
        var captured = new CapturedSteps(Queue.Record, Queue.Launch, () => Queue.IsProfiled);
        return new LoweredGraph(captured.Wrap(lowered.Steps), lowered.Buffers, lowered.Inputs, lowered.Outputs);
    }

    /// <inheritdoc/>
    public override DeviceProfile StartProfile() => Queue.Profile();

    /// <inheritdoc/>
    public override void Synchronize() => Queue.Synchronize();

    /// <summary>Whether products can be rounded to something else than F32: on tensor cores of Ampere and later.</summary>
    public bool HasTensorCores => Queue.HasTensorCores;

    /// <summary>Runs multiply-adds in registers on the whole device and times them: operations per second, two for a multiply-add.</summary>
    /// <param name="precision">F32 for the plain arithmetic, else the tensor cores.</param>
    /// <exception cref="NotSupportedException">The device has no tensor cores.</exception>
    public double MeasurePeakFlops(GpuPrecision precision) => precision switch
    {
        GpuPrecision.F32 => MeasurePeakFlops(),
        _ when !HasTensorCores => throw new NotSupportedException($"device {Device} has no tensor cores that these kernels use"),
        GpuPrecision.TF32 => Measure(PeakTensorKernel<FormatTF32>.Kernel, PeakTensorKernel<FormatTF32>.FlopsPerStep),
        GpuPrecision.F16 => Measure(PeakTensorKernel<FormatF16>.Kernel, PeakTensorKernel<FormatF16>.FlopsPerStep),
        _ => Measure(PeakTensorKernel<FormatBF16>.Kernel, PeakTensorKernel<FormatBF16>.FlopsPerStep),
    };

    /// <summary>Runs multiply-adds in registers on the whole device and times them: operations per second, two for a multiply-add.</summary>
    public double MeasurePeakFlops() => Measure(PeakKernel.Kernel, PeakKernel.FlopsPerStep);

    /// <summary>Waits for the device and gives its memory back.</summary>
    public override void Dispose()
    {
        Queue.Dispose();
        base.Dispose();
    }

    private double Measure(GpuKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, int>> kernel, double flopsPerStep)
    {
        bool simulated = Queue.Accelerator.AcceleratorType == AcceleratorType.CPU;
        int group = Queue.GroupSize, groups = simulated ? 1 : Queue.Accelerator.NumMultiprocessors * 16, steps = simulated ? 64 : 4096;
        using var results = new Workspace(Queue, (long)groups * group);
        double best = double.MaxValue;
        // The first round compiles.
        for (int round = 0; round < 5; round++)
        {
            using var profile = Queue.Profile();
            Queue.Launch(kernel, (groups, group), results.Floats, steps);
            best = Math.Min(best, profile.Read().Sum(time => time.Seconds));
        }

        return (double)groups * group * steps * flopsPerStep / best;
    }
}
