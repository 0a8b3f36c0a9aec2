using ResNeSt.Kernels.Ilgpu;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Cli;

/// <summary>What the commands ask of the GPU backend. Compiled where the build has ILGPU; GpuSupportAbsent.cs stands in elsewhere.</summary>
internal static class GpuSupport
{
    /// <summary>Every GPU and simulated GPU, and for kinds without any why there is none.</summary>
    public static IEnumerable<DeviceLine> Devices()
    {
        foreach (string kind in IlgpuDevices.Kinds)
        {
            if (IlgpuDevices.WhyAbsent(kind) is { } reason)
                yield return new DeviceLine(kind, null, reason, []);
        }

        foreach (var info in IlgpuDevices.Find())
        {
            bool simulated = info.Device.Kind == "ilgpu-cpu";
            yield return new DeviceLine(info.Device.ToString(), simulated ? "simulated GPU" : info.Name,
                simulated ? $"warps of {info.WarpSize}; for proofs, not for work" : $"{info.MemoryBytes / 1e9:f1} GB, {info.Multiprocessors} multiprocessors",
                [
                    ("multiprocessors", $"{info.Multiprocessors}"),
                    ("warp", $"{info.WarpSize} threads"),
                    ("group", $"at most {info.MaxGroupSize} threads, {info.SharedMemoryBytes} bytes of shared memory"),
                    .. info.Detail.Length > 0 ? (ReadOnlySpan<(string, string)>)[("also", info.Detail)] : [],
                ]);
        }
    }

    /// <summary>Names of all kernels.</summary>
    public static IReadOnlyList<string> KernelNames => GpuKernelReport.Names;

    /// <summary>Architectures that kernels can be reported for.</summary>
    public static IReadOnlyList<string> Architectures => Occupancy.Architectures;

    /// <summary>Whether ptxas was found, which tells registers.</summary>
    public static bool CanAssemble => GpuKernelReport.CanAssemble;

    /// <summary>Compiles every kernel.</summary>
    public static IReadOnlyList<KernelLine> Kernels(string architecture, CancellationToken cancellation) =>
    [
        .. GpuKernelReport.CreateAll(architecture, cancellation).GetAwaiter().GetResult().Select(report => new KernelLine(
            report.Name, report.Operators, report.GroupSize, report.PtxBytes, report.Resources?.SharedBytes ?? report.SharedBytes, report.Resources?.Registers,
            report.Resources?.SpillBytes, report.Resources?.StackBytes, report.Occupancy?.Share, report.Occupancy?.Limit)),
    ];

    /// <summary>The PTX text of a kernel.</summary>
    public static string Ptx(string name, string architecture) => GpuKernelReport.Ptx(name, architecture);

    /// <summary>Sets what a GPU's products round to; false for other backends.</summary>
    public static bool TryUsePrecision(Backend backend, string precision)
    {
        if (backend is not IlgpuBackend gpu)
            return false;
        if (Enum.TryParse<GpuPrecision>(precision, ignoreCase: true, out var value))
            gpu.Precision = value;
        return true;
    }

    /// <summary>Measured multiply-adds of a GPU as operations a second; null for other backends.</summary>
    public static double? PeakFlops(Backend backend) => backend is IlgpuBackend gpu ? gpu.MeasurePeakFlops() : null;

    /// <summary>Whether a backend's products can be rounded by tensor cores.</summary>
    public static bool HasTensorCores(Backend backend) => backend is IlgpuBackend { HasTensorCores: true };

    /// <summary>Measured operations a second of a GPU's tensor cores, by precision; empty where there are none.</summary>
    public static IReadOnlyDictionary<string, double> TensorPeakFlops(Backend backend) => backend is IlgpuBackend { HasTensorCores: true } gpu
        ? new[] { GpuPrecision.TF32, GpuPrecision.F16, GpuPrecision.BF16 }.ToDictionary(precision => precision.ToString().ToLowerInvariant(), precision => gpu.MeasurePeakFlops(precision))
        : new Dictionary<string, double>();
}
