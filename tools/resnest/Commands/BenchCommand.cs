using System.CommandLine;
using System.Globalization;
using ResNeSt.Inference;
using ResNeSt.Models;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tools;

namespace ResNeSt.Cli;

/// <summary><c>bench</c>: what a device reaches, kernel by kernel and network by network.</summary>
internal sealed class BenchCommand
{
    private readonly Option<bool> _kernels = new("--kernels") { Description = "Only the kernels of the network, each timed by itself; with --train those of a training step" };
    private readonly Option<bool> _train = new("--train") { Description = "Only training steps" };
    private readonly Option<string> _model = new("--model", "-m") { Description = "Name in the zoo", DefaultValueFactory = _ => "resnest50", HelpName = "NAME" };
    private readonly Option<int[]> _batches = new("--batch") { Description = "Pictures at once; may be given several times (1, 8, 64 and 256; 64 with --kernels or --train)", HelpName = "N" };
    private readonly Option<int?> _size = new("--size") { Description = "Side of the pictures; the model card's if left out", HelpName = "PIXELS" };
    private readonly Option<string[]> _precisions = new("--precision") { Description = "f32, f16, bf16, and tf32 on a GPU: what products round to on its tensor cores, how the CPU keeps weights. May be given several times (all; f32 for kernels, and on the CPU for training)", HelpName = "TYPE" };
    private readonly Option<bool> _tune = new("--tune") { Description = "Measure the algorithms of layers without a measured choice, and keep the choices for later sessions on this machine" };
    private readonly Option<string?> _algorithms = new("--algorithms") { Description = "Table of measured choices to follow, or with --tune to write, instead of the machine's own", HelpName = "FILE" };
    private readonly DeviceOptions _device = new();
    private readonly CommandConsole _console;

    private BenchCommand(CommandConsole console) => _console = console;

    public static Command Create(CommandConsole console, Func<ParseResult, Report> newReport)
    {
        var verb = new BenchCommand(console);
        var command = new Command("bench", "Measures a device: its copy bandwidth and arithmetic, then each kernel of a network, the network's images per second, and those of its training.")
        {
            verb._kernels, verb._train, verb._model, verb._batches, verb._size, verb._precisions, verb._tune, verb._algorithms,
        };
        verb._device.AddTo(command);
        command.SetAction(parsed => verb.Run(parsed, newReport(parsed)));
        return command;
    }

    private int Run(ParseResult parsed, Report report)
    {
        var entry = ModelZoo.Find(parsed.GetValue(_model)!);
        bool train = parsed.GetValue(_train), kernels = parsed.GetValue(_kernels);
        var session = new InferenceOptions { Tune = parsed.GetValue(_tune), AlgorithmFile = parsed.GetValue(_algorithms) };
        if (train && (session.Tune || session.AlgorithmFile is not null))
            throw new UsageException("--tune and --algorithms are for compiled networks: leave out --train");
        int size = parsed.GetValue(_size) ?? entry.Card.Macs.Size;
        if (size is < 1 or > 8192)
            throw new UsageException($"--size {size} is not between 1 and 8192");
        int[] batches = parsed.GetValue(_batches) is { Length: > 0 } given ? given : [1, 8, 64, 256];
        if (Array.FindIndex(batches, batch => batch is < 1 or > 4096) is >= 0 and var wrong)
            throw new UsageException($"--batch {batches[wrong]} is not between 1 and 4096");
        // One batch is enough for kernels and training: the largest that was named, else a usual one.
        int single = parsed.GetValue(_batches) is { Length: > 0 } ? batches.Max() : 64;
        var backend = _device.Use(parsed);
        bool gpu = GpuSupport.TryUsePrecision(backend, "f32");
        string[]? named = parsed.GetValue(_precisions) is { Length: > 0 } some ? some : null;
        string[] precisions = named ?? (gpu ? ["f32", "tf32", "f16", "bf16"] : ["f32", "f16", "bf16"]);
        foreach (string precision in precisions)
            Weights(precision, gpu);
        string[] trained = gpu ? precisions : named ?? ["f32"];

        var peaks = BenchPeaks.Measure(backend, _console.Cancellation);
        report.Line(string.Create(CultureInfo.InvariantCulture,
            $"{backend.Device}: copies {peaks.BytesPerSecond / 1e9:f1} GB/s, multiply-adds {peaks.FlopsPerSecond / 1e9:f0} GFLOP/s (measured)"));
        foreach (var (precision, flops) in peaks.TensorFlopsPerSecond)
            report.Line(string.Create(CultureInfo.InvariantCulture, $"{backend.Device}: tensor cores in {precision} {flops / 1e9:f0} GFLOP/s (measured)"));
        var timedKernels = new List<BenchedKernel>();
        var failedKernels = new List<(string Precision, string Failure)>();
        var timedNetworks = new List<BenchedNetwork>();
        if (kernels || !train)
        {
            foreach (string precision in named ?? ["f32"])
            {
                string title = $"{entry.Name}, input [{single},3,{size},{size}], {precision}, {(train ? "training step" : "forward pass")}";
                try
                {
                    var benched = BenchKernels.Run(entry, backend, Input(single, size), train, precision, Weights(precision, gpu), session, peaks, _console.Cancellation);
                    ReportKernels(title, benched, report);
                    timedKernels.AddRange(benched);
                }
                catch (Exception e) when (DoesNotFit(e))
                {
                    report.Line($"{title}: {e.Message}");
                    failedKernels.Add((precision, e.Message));
                }
            }
        }

        if (!kernels && !train)
            timedNetworks.AddRange(Networks(entry, backend, batches, size, precisions, train: false, session, report));
        if (!kernels)
            timedNetworks.AddRange(Networks(entry, backend, [single], size, trained, train: true, session, report));
        report.Document("bench", writer =>
        {
            writer.WriteString("device", backend.Device.ToString());
            writer.WriteNumber("copyBytesPerSecond", peaks.BytesPerSecond);
            writer.WriteNumber("flopsPerSecond", peaks.FlopsPerSecond);
            writer.WriteStartObject("tensorFlopsPerSecond");
            foreach (var (precision, flops) in peaks.TensorFlopsPerSecond)
                writer.WriteNumber(precision, flops);
            writer.WriteEndObject();
            writer.WriteString("model", entry.Name);
            writer.WriteNumber("size", size);
            writer.WriteStartArray("kernels");
            foreach (var kernel in timedKernels)
            {
                writer.WriteStartObject();
                writer.WriteString("operator", kernel.Op);
                writer.WriteString("inputs", kernel.Inputs);
                writer.WriteString("kernel", kernel.Kernel);
                writer.WriteString("precision", kernel.Precision);
                writer.WriteBoolean("training", kernel.Training);
                writer.WriteNumber("launches", kernel.Count);
                writer.WriteNumber("seconds", kernel.Seconds);
                writer.WriteNumber("flops", kernel.Cost.Flops);
                writer.WriteNumber("bytes", kernel.Cost.BytesRead + kernel.Cost.BytesWritten);
                writer.WriteNumber("shareOfPeak", kernel.Share);
                writer.WriteString("verdict", kernel.Verdict);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteStartArray("kernelFailures");
            foreach (var (precision, failure) in failedKernels)
            {
                writer.WriteStartObject();
                writer.WriteBoolean("training", train);
                writer.WriteString("precision", precision);
                writer.WriteNumber("batch", single);
                writer.WriteString("failure", failure);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteStartArray("networks");
            foreach (var network in timedNetworks)
            {
                writer.WriteStartObject();
                writer.WriteBoolean("training", network.Training);
                writer.WriteString("precision", network.Precision);
                writer.WriteNumber("batch", network.Batch);
                if (network.Failure is null)
                {
                    writer.WriteNumber("seconds", network.Seconds);
                    writer.WriteNumber("imagesPerSecond", network.Batch / network.Seconds);
                }
                else
                    writer.WriteString("failure", network.Failure);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
        return ExitCodes.Ok;
    }

    private static void ReportKernels(string title, IReadOnlyList<BenchedKernel> kernels, Report report)
    {
        double total = kernels.Sum(kernel => kernel.Seconds * kernel.Count);
        report.Line($"{title}:");
        report.Line("    us each  times  of all  GFLOP/s     GB/s  of peak  verdict");
        foreach (var kernel in kernels.OrderByDescending(kernel => kernel.Seconds * kernel.Count))
        {
            report.Line(string.Create(CultureInfo.InvariantCulture,
                $"{kernel.Seconds * 1e6,11:f1}  {kernel.Count,5}  {100 * kernel.Seconds * kernel.Count / total,4:f1} %  {kernel.Cost.Flops / kernel.Seconds / 1e9,7:f0}  {(kernel.Cost.BytesRead + kernel.Cost.BytesWritten) / kernel.Seconds / 1e9,7:f1}  {100 * kernel.Share,5:f1} %  {kernel.Verdict}: {kernel.Op} {kernel.Inputs} [{kernel.Kernel}]"));
        }

        report.Line(string.Create(CultureInfo.InvariantCulture, $"sum of the kernels: {total * 1e3:f2} ms"));
        foreach (string note in BenchKernels.Notes(kernels))
            report.Line(note);
    }

    private IEnumerable<BenchedNetwork> Networks(ModelEntry entry, Backend backend, int[] batches, int size, string[] precisions, bool train, InferenceOptions session, Report report)
    {
        report.Line($"{entry.Name}, {size} px, {(train ? "training" : "inference")}:");
        report.Line("type  batch       ms  images/s");
        foreach (var precision in precisions)
        {
            bool gpu = GpuSupport.TryUsePrecision(backend, precision);
            foreach (int batch in batches)
            {
                double seconds = 0;
                string? failure = null;
                try
                {
                    using var network = new BenchNetwork(entry, backend, Weights(precision, gpu), Input(batch, size), train, session);
                    seconds = BenchTimer.Seconds(backend, network.Step, _console.Cancellation);
                }
                catch (Exception e) when (DoesNotFit(e))
                {
                    failure = e.Message;
                }

                report.Line(failure is null
                    ? string.Create(CultureInfo.InvariantCulture, $"{precision,-4}  {batch,5}  {seconds * 1e3,7:f2}  {batch / seconds,8:f1}")
                    : $"{precision,-4}  {batch,5}  {failure}");
                yield return new BenchedNetwork(train, precision, batch, seconds, failure);
            }
        }

        GpuSupport.TryUsePrecision(backend, "f32");
    }

    /// <summary>A batch that does not fit, or is too small for the statistics of training, says so; the others still count.</summary>
    private static bool DoesNotFit(Exception e) => e is DeviceException or OutOfMemoryException or ShapeException;

    private static Shape Input(int batch, int size) => [batch, 3, size, size];

    /// <summary>How sessions keep weights: a GPU rounds while it multiplies, the CPU keeps them short.</summary>
    private static DType Weights(string precision, bool gpu) => (precision, gpu) switch
    {
        ("f32", _) or ("tf32" or "f16" or "bf16", true) => DType.F32,
        ("f16", _) => DType.F16,
        ("bf16", _) => DType.BF16,
        _ => throw new UsageException($"--precision {precision} is not one of f32, f16, bf16{(gpu ? ", tf32" : "; tf32 needs a GPU")}"),
    };
}

/// <summary>One timed network.</summary>
/// <param name="Training">Whether a step of training was timed, else a run of a compiled session.</param>
/// <param name="Precision">Type of weights or products.</param>
/// <param name="Batch">Pictures at once.</param>
/// <param name="Seconds">Median of a step.</param>
/// <param name="Failure">Why there is no time, or null.</param>
internal sealed record BenchedNetwork(bool Training, string Precision, int Batch, double Seconds, string? Failure);
