using System.Numerics;
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
        new(Copy(backend, cancellation), GpuSupport.PeakFlops(backend) ?? HostFlops(), GpuSupport.TensorPeakFlops(backend));

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

    private static double HostFlops()
    {
        const int Steps = 2_000_000;
        double best = double.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            Parallel.For(0, EngineSettings.Threads, new ParallelOptions { MaxDegreeOfParallelism = EngineSettings.Threads }, _ => Chains(Steps));
            best = Math.Min(best, System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return 2.0 * 8 * Vector<float>.Count * Steps * EngineSettings.Threads / best;
    }

    /// <summary>Eight chains hide the latency of a fused multiply-add.</summary>
    private static float Chains(int steps)
    {
        var (factor, summand) = (new Vector<float>(0.999f), new Vector<float>(0.001f));
        Vector<float> a = factor, b = factor, c = factor, d = factor, e = factor, f = factor, g = factor, h = factor;
        for (int i = 0; i < steps; i++)
        {
            a = Vector.FusedMultiplyAdd(a, factor, summand);
            b = Vector.FusedMultiplyAdd(b, factor, summand);
            c = Vector.FusedMultiplyAdd(c, factor, summand);
            d = Vector.FusedMultiplyAdd(d, factor, summand);
            e = Vector.FusedMultiplyAdd(e, factor, summand);
            f = Vector.FusedMultiplyAdd(f, factor, summand);
            g = Vector.FusedMultiplyAdd(g, factor, summand);
            h = Vector.FusedMultiplyAdd(h, factor, summand);
        }

        return Vector.Sum(a + b + c + d + e + f + g + h);
    }
}
