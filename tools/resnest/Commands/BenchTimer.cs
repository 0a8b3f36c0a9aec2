using System.Diagnostics;
using ResNeSt.Inference;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Cli;

/// <summary>Times work on any device: calls are queued one behind the other and waited for at the end of a round, so that what is measured is the
/// device and not the launching, where the work is longer than a launch.</summary>
internal static class BenchTimer
{
    private const int Rounds = 5;
    private const double RoundSeconds = 0.05;
    private const double LongSeconds = 1;
    private const int ProfileRuns = 15;
    private const double ProfileSeconds = 5;

    /// <summary>Median seconds a call.</summary>
    public static double Seconds(Backend backend, Action call, CancellationToken cancellation)
    {
        // The first call compiles kernels and fills memory pools.
        call();
        cancellation.ThrowIfCancellationRequested();
        double one = Round(backend, call, 1);
        int calls = Calls(one), rounds = RoundsOf(one);
        var seconds = new double[rounds];
        for (int i = 0; i < rounds; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            seconds[i] = Round(backend, call, calls) / calls;
        }

        return seconds.Order().ElementAt(rounds / 2);
    }

    /// <summary>Median seconds a call on the device's own clock, launches and gaps between them not counted, and the names of the kernels that a call
    /// launches. Where the device has no clock of its own, the host's, and no names.</summary>
    public static (double Seconds, IReadOnlyList<string> Launched) Kernels(Backend backend, Action call, CancellationToken cancellation)
    {
        call();
        cancellation.ThrowIfCancellationRequested();
        double one = Round(backend, call, 1);
        int calls = Calls(one), rounds = RoundsOf(one);
        var seconds = new double[rounds];
        IReadOnlyList<string> launched = [];
        for (int i = 0; i < rounds; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var profile = backend.StartProfile();
            seconds[i] = Round(backend, call, calls) / calls;
            if (profile is null)
                continue;
            var times = profile.Read();
            seconds[i] = times.Sum(time => time.Seconds) / calls;
            launched = [.. times.Select(time => time.Name)];
        }

        return (seconds.Order().ElementAt(rounds / 2), launched);
    }

    /// <summary>Times of a session's steps: of one run where that takes long, else of as many as fit into a few seconds.</summary>
    /// <param name="profile">Measures the steps in the given number of runs.</param>
    public static IReadOnlyList<StepTime> Steps(Func<int, IReadOnlyList<StepTime>> profile)
    {
        var first = profile(1);
        double one = first.Sum(time => time.Milliseconds) * 1e-3;
        return RoundsOf(one) == 1 ? first : profile((int)Math.Clamp(ProfileSeconds / Math.Max(one, 1e-9), Rounds, ProfileRuns));
    }

    private static int Calls(double one) => (int)Math.Clamp(RoundSeconds / Math.Max(one, 1e-9), 1, 500);

    /// <summary>What takes long varies little, and a simulated GPU has no time to lose.</summary>
    private static int RoundsOf(double one) => one > LongSeconds ? 1 : Rounds;

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
