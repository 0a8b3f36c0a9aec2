using System.Diagnostics;
using System.Globalization;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Tensors;

/// <summary>One line per operator on standard error: name, shapes, which kernel, time. Switched by <see cref="EngineSettings.Trace"/>.</summary>
internal static class OpTrace
{
    /// <summary>Begins to time an operator; dispose the result when it is done, however it ends.</summary>
    public static TraceStart Start(Backend backend) => EngineSettings.Trace switch
    {
        0 => default,
        1 => new TraceStart(0, null),
        _ => new TraceStart(Stopwatch.GetTimestamp(), backend.StartProfile()),
    };

    public static void Finish(in TraceStart start, Op op, ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs, Kernel? kernel, Backend backend)
    {
        int level = EngineSettings.Trace;
        if (level == 0)
            return;
        string how = kernel?.Name ?? (op is ViewOp ? "view" : "definition");
        var launched = start.Profile?.Read() ?? [];
        if (kernel is not null && launched.Count > 0)
            how += $" {string.Join('+', launched.Select(time => time.Name))}";
        string line = $"{op.Name} {string.Join(' ', inputs.ToArray())} -> {string.Join(' ', outputs.ToArray())} [{backend.Device}: {how}]";
        if (level >= 2)
        {
            backend.Synchronize();
            double seconds = launched.Count > 0 ? launched.Sum(time => time.Seconds) : Stopwatch.GetElapsedTime(start.Timestamp).TotalSeconds;
            var cost = op.Cost(inputs);
            line += string.Create(CultureInfo.InvariantCulture,
                $" {seconds * 1e6:F0} us, {cost.Flops / seconds / 1e9:F1} GFLOP/s, {(cost.BytesRead + cost.BytesWritten) / seconds / 1e9:F1} GB/s");
        }

        Console.Error.WriteLine(line);
    }

    /// <summary>When an operator began.</summary>
    public readonly struct TraceStart(long timestamp, DeviceProfile? profile) : IDisposable
    {
        /// <summary>By the host's clock.</summary>
        public long Timestamp => timestamp;

        /// <summary>By the device's, where it has one of its own.</summary>
        public DeviceProfile? Profile => profile;

        public void Dispose() => profile?.Dispose();
    }
}
