using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Multiply-adds in registers and nothing else: what the arithmetic of this processor gives at best.</summary>
internal static class RegisterPeak
{
    // Enough independent chains to hide four cycles of latency on two units.
    private const int Chains = 12;

    // A millisecond: much longer than a sleeping thread takes to come.
    private const int Steps = 500_000;

    private const int Attempts = 40;

    /// <summary>Operations per second of so many threads at once, the best of several tries.</summary>
    public static double Measure<TLanes>(int threads)
        where TLanes : struct, ILanes<TLanes>
    {
        double best = double.MaxValue;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            long start = Stopwatch.GetTimestamp();
            WorkerPool.Shared.Run(threads, threads, static _ => Run<TLanes>());
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return 2.0 * Chains * TLanes.Count * Steps * threads / best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Run<TLanes>()
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes x = TLanes.Broadcast(0.999f), y = TLanes.Broadcast(1e-4f);
        TLanes a = x, b = y, c = x, d = y, e = x, f = y, g = x, h = y, i = x, j = y, k = x, l = y;
        for (int step = 0; step < Steps; step++)
        {
            a = TLanes.MultiplyAdd(a, x, y);
            b = TLanes.MultiplyAdd(b, x, y);
            c = TLanes.MultiplyAdd(c, x, y);
            d = TLanes.MultiplyAdd(d, x, y);
            e = TLanes.MultiplyAdd(e, x, y);
            f = TLanes.MultiplyAdd(f, x, y);
            g = TLanes.MultiplyAdd(g, x, y);
            h = TLanes.MultiplyAdd(h, x, y);
            i = TLanes.MultiplyAdd(i, x, y);
            j = TLanes.MultiplyAdd(j, x, y);
            k = TLanes.MultiplyAdd(k, x, y);
            l = TLanes.MultiplyAdd(l, x, y);
        }

        // Results that nobody could read would not be computed.
        float* results = stackalloc float[TLanes.Count];
        (a + b + c + d + e + f + g + h + i + j + k + l).Store(results);
        Volatile.Read(ref results[0]);
    }
}
