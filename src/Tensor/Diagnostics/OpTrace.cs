using System.Diagnostics;
using System.Globalization;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Tensors;

/// <summary>One line per operator on standard error: name, shapes, which kernel, time. Switched by <see cref="EngineSettings.Trace"/>.</summary>
internal static class OpTrace
{
    public static long Start() => EngineSettings.Trace > 0 ? Stopwatch.GetTimestamp() : 0;

    public static void Finish(long start, Op op, ReadOnlySpan<TensorSpec> inputs, ReadOnlySpan<TensorSpec> outputs, Kernel? kernel, Backend backend)
    {
        int level = EngineSettings.Trace;
        if (level == 0)
            return;
        string how = kernel?.Name ?? (op is ViewOp ? "view" : "definition");
        string line = $"{op.Name} {string.Join(' ', inputs.ToArray())} -> {string.Join(' ', outputs.ToArray())} [{backend.Device}: {how}]";
        if (level >= 2)
        {
            backend.Synchronize();
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            var cost = op.Cost(inputs);
            line += string.Create(CultureInfo.InvariantCulture,
                $" {seconds * 1e6:F0} us, {cost.Flops / seconds / 1e9:F1} GFLOP/s, {(cost.BytesRead + cost.BytesWritten) / seconds / 1e9:F1} GB/s");
        }

        Console.Error.WriteLine(line);
    }
}
