using System.Diagnostics;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Cli;

/// <summary>Times work on any device: calls are queued one behind the other and waited for at the end of a round, so that what is measured is the
/// device and not the launching, where the work is longer than a launch.</summary>
internal static class BenchTimer
{
    private const int Rounds = 5;
    private const double RoundSeconds = 0.05;

    /// <summary>Median seconds a call.</summary>
    public static double Seconds(Backend backend, Action call, CancellationToken cancellation)
    {
        // The first call compiles kernels and fills memory pools.
        call();
        double one = Round(backend, call, 1);
        int calls = (int)Math.Clamp(RoundSeconds / Math.Max(one, 1e-9), 1, 500);
        var seconds = new double[Rounds];
        for (int i = 0; i < Rounds; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            seconds[i] = Round(backend, call, calls) / calls;
        }

        return seconds.Order().ElementAt(Rounds / 2);
    }

    private static double Round(Backend backend, Action call, int calls)
    {
        backend.Synchronize();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < calls; i++)
            call();
        backend.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
