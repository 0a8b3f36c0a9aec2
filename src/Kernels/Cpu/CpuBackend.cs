using System.Runtime.InteropServices;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>The host processor: pooled native memory and SIMD kernels, threaded by <see cref="ParallelRows"/>.</summary>
public sealed class CpuBackend : Backend
{
    private readonly NativeMemoryPool _pool = new();
    private int _isWarm;

    /// <summary>Makes the backend; usually through <see cref="Register"/> and <see cref="BackendRegistry.Get"/>.</summary>
    public CpuBackend()
        : base(Device.Cpu)
    {
        CpuKernelTable.AddTo(Kernels);
    }

    /// <summary>Makes the device <c>cpu</c> known to the engine; more calls do nothing.</summary>
    public static void Register() => BackendRegistry.Register("cpu", index => index == 0
        ? new CpuBackend()
        : throw new DeviceException($"device 'cpu:{index}' does not exist: all processors together are the device 'cpu'"));

    /// <inheritdoc/>
    public override Storage Allocate(long byteLength) => new CpuStorage(this, _pool, byteLength);

    /// <inheritdoc/>
    public override Storage Slice(Storage block, long offset, long byteLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + byteLength, block.ByteLength);
        return new CpuStorage((CpuStorage)block, offset, byteLength);
    }

    /// <inheritdoc/>
    public override void Upload(ReadOnlySpan<byte> source, Storage destination) => source.CopyTo(destination.HostBytes);

    /// <inheritdoc/>
    public override unsafe void Clear(Storage storage) =>
        NativeMemory.Clear(((CpuStorage)storage).Pointer, (nuint)storage.ByteLength);

    /// <inheritdoc/>
    public override void Download(Storage source, Span<byte> destination) => source.HostBytes[..destination.Length].CopyTo(destination);

    /// <inheritdoc/>
    public override unsafe void Copy(Storage source, Storage destination, long byteLength) =>
        NativeMemory.Copy(((CpuStorage)source).Pointer, ((CpuStorage)destination).Pointer, (nuint)byteLength);

    /// <inheritdoc/>
    public override void WarmUp(LoweringOptions options)
    {
        if (options.Threads > 1 && Interlocked.Exchange(ref _isWarm, 1) == 0)
            KernelWarmUp.Start();
    }

    /// <inheritdoc/>
    public override bool CanLower(Op op, ReadOnlySpan<TensorSpec> inputs) => CpuLowering<Lane>.HasStep(op, inputs) || base.CanLower(op, inputs);

    /// <inheritdoc/>
    public override LoweredGraph Lower(Graph graph, LoweringOptions options)
    {
        if (options.WeightType is not (DType.F32 or DType.F16 or DType.BF16))
            throw new ArgumentException($"compile: device cpu keeps weights as F32, F16 or BF16, not as {options.WeightType}");
        if (graph.Inputs.FirstOrDefault(input => input.Spec.DType != DType.F32) is { } other)
            throw new NotSupportedException($"compile: device cpu compiles for F32 inputs, not for '{other.Name}' {other.Spec}; InferenceOptions.WeightType keeps weights in half");
        return DirectAlgorithm.VectorBits switch
        {
            512 => CpuLowering<Lanes512>.Run(this, graph, options),
            256 => CpuLowering<Lanes256>.Run(this, graph, options),
            128 => CpuLowering<Lanes128>.Run(this, graph, options),
            _ => CpuLowering<Lane>.Run(this, graph, options),
        };
    }

    /// <summary>Runs multiply-adds in registers, in the vectors that the kernels use, and times them: operations per second, two for a multiply-add.</summary>
    /// <param name="threads">How many threads compute at once.</param>
    public static double MeasurePeakFlops(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        return DirectAlgorithm.VectorBits switch
        {
            512 => RegisterPeak.Measure<Lanes512>(threads),
            256 => RegisterPeak.Measure<Lanes256>(threads),
            128 => RegisterPeak.Measure<Lanes128>(threads),
            _ => RegisterPeak.Measure<Lane>(threads),
        };
    }

    /// <summary>Gives cached memory back to the operating system.</summary>
    public override void Dispose()
    {
        _pool.Trim();
        base.Dispose();
    }
}
