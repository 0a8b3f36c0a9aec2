using ResNeSt.Inference;
using ResNeSt.Models;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Cli;

/// <summary>Times each kernel of a network on the shapes that it has there.</summary>
internal static class BenchKernels
{
    /// <summary>Below this a kernel takes less time than its launch, and the figure tells of the host.</summary>
    private const double LaunchSeconds = 10e-6;

    /// <summary>Times each step of the compiled network, or with <paramref name="train"/> each operator of a training step, with each set of shapes by itself.</summary>
    /// <param name="entry">The network.</param>
    /// <param name="backend">Where.</param>
    /// <param name="input">Shape of the pictures.</param>
    /// <param name="train">Whether of a training step.</param>
    /// <param name="precision">What a GPU's products round to; elsewhere the name of <paramref name="weights"/>.</param>
    /// <param name="weights">How a session keeps weights, and what a training step computes in.</param>
    /// <param name="session">Further wishes for the session.</param>
    /// <param name="peaks">The yardstick.</param>
    /// <param name="cancellation">Stops between two kernels.</param>
    public static IReadOnlyList<BenchedKernel> Run(
        ModelEntry entry, Backend backend, Shape input, bool train, string precision, DType weights, InferenceOptions session, BenchPeaks peaks, CancellationToken cancellation)
    {
        GpuSupport.TryUsePrecision(backend, precision);
        if (!train)
            return Steps(entry, backend, input, precision, weights, session, peaks, cancellation);
        var launches = new OrderedDictionary<string, (Op Op, TensorSpec[] Inputs, int Count)>();
        using (var network = new BenchNetwork(entry, backend, weights, input, train: true))
        {
            using var observer = OpObserver.Observe((op, inputs, _) =>
            {
                string key = $"{op} {string.Join(' ', inputs)}";
                launches[key] = (op, inputs, launches.TryGetValue(key, out var known) ? known.Count + 1 : 1);
            });
            network.Step();
        }

        return [.. launches.Values.Where(launch => launch.Op is not ViewOp).Select(launch => Time(launch.Op, launch.Inputs, launch.Count, backend, precision, peaks, cancellation))];
    }

    /// <summary>Explains what exceeds the peak, as far as it can be explained.</summary>
    public static IEnumerable<string> Notes(IReadOnlyList<BenchedKernel> kernels)
    {
        var above = kernels.Where(kernel => kernel.Share > 1).ToArray();
        if (above.Any(kernel => !kernel.ByMemory && kernel.Kernel.Contains("winograd", StringComparison.OrdinalIgnoreCase)))
            yield return "operations are counted as if computed directly: Winograd's algorithm needs fewer, and so may exceed the peak";
        if (above.Any(kernel => kernel.ByMemory))
            yield return "the peak of memory is that of large copies: what is bound by memory exceeds it where its data come from caches";
    }

    private static BenchedKernel Time(Op op, TensorSpec[] specs, int count, Backend backend, string precision, BenchPeaks peaks, CancellationToken cancellation)
    {
        using var scope = new TensorScope();
        using var off = GradMode.Off();
        var generator = new Generator(1);
        var inputs = Array.ConvertAll(specs, spec => BenchNetwork.Values(spec, generator, backend.Device));
        var (seconds, launched) = BenchTimer.Kernels(backend, () =>
        {
            using var call = new TensorScope();
            OpDispatcher.Run(op, inputs);
        }, cancellation);
        string kernel = launched.Count > 0 ? string.Join('+', launched) : backend.FindKernel(op, specs)?.Name ?? "definition";
        return Judge(new BenchedKernel(op.Name, string.Join(' ', specs), kernel, precision, Training: true, count, seconds, op.Cost(specs), false, 0, ""), peaks);
    }

    /// <summary>The steps of a compiled session, with the kernels that a GPU launches for each; those of one operator, size and kernel are one line.</summary>
    private static IReadOnlyList<BenchedKernel> Steps(
        ModelEntry entry, Backend backend, Shape input, string precision, DType weights, InferenceOptions session, BenchPeaks peaks, CancellationToken cancellation)
    {
        using var network = new BenchNetwork(entry, backend, weights, input, train: false, session);
        var times = network.Profile(cancellation);
        bool launches = times.Any(time => time.Kernels.Count > 0);
        return
        [
            .. times.Where(time => !launches || time.Kernels.Count > 0)
                .GroupBy(time => (time.Step.Operator, Output: time.Step.Output?.ToString() ?? "", Kernel: launches ? string.Join('+', time.Kernels.Order(StringComparer.Ordinal)) : time.Step.Name, Cost: Cost(time.Step, weights)))
                .Select(group => Judge(new BenchedKernel(
                    group.Key.Operator, $"-> {group.Key.Output}", group.Key.Kernel, precision, Training: false, group.Count(), group.Average(time => time.Milliseconds) * 1e-3,
                    group.Key.Cost, false, 0, ""), peaks)),
        ];
    }

    /// <summary>A step's cost counts its weights as the graph has them, in F32; each byte of those that are kept in half saves one.</summary>
    private static OpCost Cost(SessionStep step, DType weights) =>
        weights == DType.F32 ? step.Cost : step.Cost with { BytesRead = step.Cost.BytesRead - Math.Min(step.WeightBytes, step.Cost.BytesRead / 2) };

    private static BenchedKernel Judge(BenchedKernel kernel, BenchPeaks peaks)
    {
        double seconds = kernel.Seconds;
        // What tensor cores computed is measured by what they can; the name of a kernel says whether they did.
        var (least, byMemory) = peaks.Bound(kernel.Cost, kernel.Kernel.Contains($".{kernel.Precision}.", StringComparison.Ordinal) ? kernel.Precision : null);
        double share = least / seconds;
        string verdict = kernel.Cost == default ? "overhead, bound by memory" : $"{(share >= 0.85 ? "good" : share >= 0.6 ? "fair" : seconds < LaunchSeconds ? "shorter than a launch" : "slow")}, bound by {(byMemory ? "memory" : "arithmetic")}";
        return kernel with { ByMemory = byMemory, Share = share, Verdict = verdict };
    }
}

/// <summary>One timed operator.</summary>
/// <param name="Op">Its name.</param>
/// <param name="Inputs">Its inputs; of a session's step its output.</param>
/// <param name="Kernel">What computes it: on a GPU the kernels launched, else the algorithm of the step.</param>
/// <param name="Precision">What products were asked to round to, or weights to be kept as.</param>
/// <param name="Training">Whether it is part of a training step.</param>
/// <param name="Count">How often the network launches it.</param>
/// <param name="Seconds">Of one launch, on a GPU by its own clock: the median; of equal steps of a session the average of their medians.</param>
/// <param name="Cost">Least operations and bytes.</param>
/// <param name="ByMemory">Whether its bytes take longer at the measured peaks than its operations.</param>
/// <param name="Share">Of what the measured peaks allow.</param>
/// <param name="Verdict">The same in words.</param>
internal sealed record BenchedKernel(string Op, string Inputs, string Kernel, string Precision, bool Training, int Count, double Seconds, OpCost Cost, bool ByMemory, double Share, string Verdict);
