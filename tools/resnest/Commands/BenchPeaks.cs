using ResNeSt.Kernels.Cpu;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Cli;

/// <summary>What a device reaches on this machine at best, measured: the yardstick for kernels.</summary>
/// <param name="BytesPerSecond">Reading and writing together, in a copy of large memory.</param>
/// <param name="FlopsPerSecond">Multiply-adds in registers, two operations each.</param>
/// <param name="TensorFlopsPerSecond">The same of the tensor cores, by precision; empty where there are none.</param>
internal sealed record BenchPeaks(double BytesPerSecond, double FlopsPerSecond, IReadOnlyDictionary<string, double> TensorFlopsPerSecond)
{
    public static BenchPeaks Measure(Backend backend, CancellationToken cancellation) =>
        new(Copy(backend, cancellation), GpuSupport.PeakFlops(backend) ?? CpuBackend.MeasurePeakFlops(EngineSettings.Threads), GpuSupport.TensorPeakFlops(backend));

    /// <summary>The least time that a cost allows, and what sets it.</summary>
    /// <param name="cost">The least work.</param>
    /// <param name="precision">Whose tensor cores multiply; null for plain multiply-adds.</param>
    public (double Seconds, bool ByMemory) Bound(OpCost cost, string? precision = null)
    {
        double peak = precision is not null && TensorFlopsPerSecond.TryGetValue(precision, out double tensor) ? tensor : FlopsPerSecond;
        double memory = (cost.BytesRead + cost.BytesWritten) / BytesPerSecond, arithmetic = cost.Flops / peak;
        return (Math.Max(memory, arithmetic), memory >= arithmetic);
    }

    private static double Copy(Backend backend, CancellationToken cancellation)
    {
        // Far beyond any cache; a simulated device copies by the host.
        long bytes = backend.Device.Kind is "cuda" or "opencl" ? 512L << 20 : 128L << 20;
        var (from, to) = (backend.Allocate(bytes), backend.Allocate(bytes));
        try
        {
            return 2.0 * bytes / BenchTimer.Kernels(backend, () => backend.Copy(from, to, bytes), cancellation).Seconds;
        }
        finally
        {
            from.ReleaseReference();
            to.ReleaseReference();
        }
    }
}
