using System.CommandLine;
using System.Globalization;
using ResNeSt.Inference;
using ResNeSt.Models;
using ResNeSt.Onnx;
using ResNeSt.Tensors;
using ResNeSt.Tools;
using ResNeSt.Training;

namespace ResNeSt.Cli;

/// <summary><c>export MODEL --onnx FILE</c>: the network with its weights as an ONNX file; <c>export --run DIR --safetensors FILE</c>: a trained
/// network as one file that tells what it is.</summary>
internal sealed class ExportCommand
{
    // With a batch that may vary, axes of this extent are told apart from those of extent one.
    private const int TracedBatch = 3;

    private readonly Argument<string?> _model = new("MODEL") { Description = "Name in the zoo", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _run = new("--run") { Description = "Folder of a training run, instead of MODEL", HelpName = "DIR" };
    private readonly Option<string?> _onnx = new("--onnx") { Description = "The ONNX file to write", HelpName = "FILE" };
    private readonly Option<string?> _safetensors = new("--safetensors") { Description = "The safetensors file to write, of a run: weights, classes and preprocessing in one, for 'classify --weights'", HelpName = "FILE" };
    private readonly Option<bool> _halves = new("--f16") { Description = "With --safetensors: store the weights in 16 bits" };
    private readonly Option<string?> _weights = new("--weights") { Description = "Weight file, address, or 'golden' for generated weights; the run's best or the published ones if left out", HelpName = "FILE" };
    private readonly Option<string> _batch = new("--batch") { Description = "Pictures at once: a number, or 'dynamic' for any", DefaultValueFactory = _ => "1", HelpName = "N" };
    private readonly Option<int?> _size = new("--size") { Description = "Side of the input in pixels; the model card's if left out", HelpName = "PIXELS" };
    private readonly Option<bool> _force = new("--force") { Description = "Replace a file that exists" };
    private readonly CommandConsole _console;

    private ExportCommand(CommandConsole console) => _console = console;

    public static Command Create(CommandConsole console, Func<ParseResult, Report> newReport)
    {
        var verb = new ExportCommand(console);
        var command = new Command("export", "Writes a network with its weights: as an ONNX file for ONNX Runtime, Netron and others, or a trained one as a single safetensors file.")
        {
            verb._model, verb._run, verb._onnx, verb._safetensors, verb._halves, verb._weights, verb._batch, verb._size, verb._force,
        };
        command.SetAction(parsed => verb.Run(parsed, newReport(parsed)));
        return command;
    }

    private int Run(ParseResult parsed, Report report)
    {
        var (name, run, onnx, safetensors) = (parsed.GetValue(_model), parsed.GetValue(_run), parsed.GetValue(_onnx), parsed.GetValue(_safetensors));
        if ((name is null) == (run is null))
            throw new UsageException("give one of MODEL and --run");
        if ((onnx is null) == (safetensors is null))
            throw new UsageException("give one of --onnx and --safetensors, with the file to write");
        if (safetensors is not null && run is null)
            throw new UsageException("--safetensors needs --run; weight-converter writes published weights as safetensors");
        if (onnx is not null && parsed.GetValue(_halves))
            throw new UsageException("--f16 goes with --safetensors");
        CheckTarget(onnx is null ? "--safetensors" : "--onnx", (onnx ?? safetensors)!, parsed.GetValue(_force));
        return onnx is not null ? ToOnnx(parsed, report, name, run, onnx) : ToSafetensors(parsed, report, run!, safetensors!);
    }

    private static void CheckTarget(string option, string file, bool force)
    {
        if (Directory.Exists(file))
            throw new UsageException($"{option} '{DataFileException.Escape(file)}' is a folder; name a file");
        if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder && !Directory.Exists(folder))
            throw new UsageException($"{option} '{DataFileException.Escape(file)}': the folder '{DataFileException.Escape(folder)}' does not exist");
        if (File.Exists(file) && !force)
            throw new IOException($"{file} exists already; give --force to replace it");
    }

    private int ToOnnx(ParseResult parsed, Report report, string? name, string? run, string file)
    {
        string batchText = parsed.GetRequiredValue(_batch);
        bool dynamic = batchText == "dynamic";
        if (!int.TryParse(dynamic ? TracedBatch.ToString(CultureInfo.InvariantCulture) : batchText, NumberStyles.None, CultureInfo.InvariantCulture, out int batch) || batch is < 1 or > 4096)
            throw new UsageException($"--batch {DataFileException.Escape(batchText)} is neither a number between 1 and 4096 nor 'dynamic'");
        if (parsed.GetValue(_size) is < 1 or > 8192)
            throw new UsageException($"--size {parsed.GetValue(_size)} is not between 1 and 8192");
        var network = run is null ? null : NetworkChoice.OfRun(run, parsed.GetValue(_weights), null, null);
        var entry = network?.Entry ?? ModelZoo.Find(name!);
        int size = parsed.GetValue(_size) ?? network?.Input.Transform.CropSize ?? entry.Card.Macs.Size, channels = network?.Input.Channels ?? 3;
        var weights = network?.Weights ?? WeightChoice.Find(entry, parsed.GetValue(_weights), _console, report);
        report.Note($"weights: {weights.Description}");
        var device = DefaultBackends.Use("cpu").Device;
        using var model = weights.Load(entry, network?.Changes ?? new ModelChanges(), device, _console.Cancellation);
        using var workspace = new GraphWorkspace(device);
        var traced = GraphRecorder.Trace(model, new TensorSpec([batch, channels, size, size], DType.F32), workspace);
        var graph = ExpandComposites.Run(traced, workspace, OnnxExporter.HasForm);
        long bytes = OnnxExporter.Export(graph, file, new OnnxExportOptions { Name = entry.Name, DynamicBatch = dynamic });

        string shape = $"[{(dynamic ? "batch" : batchText)},{channels},{size},{size}]";
        report.Line(string.Create(CultureInfo.InvariantCulture, $"{DataFileException.Escape(file)}: {entry.Name}, input {shape}, operator set {OnnxExporter.OperatorSet}, {bytes / 1e6:f1} MB"));
        report.Document("export", writer =>
        {
            writer.WriteString("model", entry.Name);
            writer.WriteString("file", file);
            writer.WriteString("input", shape);
            writer.WriteNumber("operatorSet", OnnxExporter.OperatorSet);
            writer.WriteNumber("bytes", bytes);
        });
        return ExitCodes.Ok;
    }

    private int ToSafetensors(ParseResult parsed, Report report, string run, string file)
    {
        var description = RunModel.Describe(RunConfig.Read(run));
        var weights = WeightChoice.Of(parsed.GetValue(_weights) ?? RunModel.FindWeights(run));
        report.Note($"weights: {weights.Description}");
        using var model = weights.Load(ModelZoo.Find(description.Model), description.Changes, DefaultBackends.Use("cpu").Device, _console.Cancellation);
        bool halves = parsed.GetValue(_halves);
        using var state = model.StateDict();
        foreach (var (name, value) in state)
        {
            double limit = halves ? (double)Half.MaxValue : double.MaxValue;
            if (!value.ToDoubles().All(number => Math.Abs(number) <= limit))
                throw new DataFileException(DataFileErrorKind.Overflow, halves ? "has values that 16 bits cannot hold; leave out --f16" : "has values that are no numbers", weights.Description, name);
        }

        CheckpointStore.WriteModel(file, state, description.ToMetadata(), halves);
        long bytes = new FileInfo(file).Length;
        report.Line(string.Create(CultureInfo.InvariantCulture,
            $"{DataFileException.Escape(file)}: {description.Model}, {description.Classes.Count} classes, {model.ParameterCount():n0} parameters, {bytes / 1e6:f2} MB"));
        report.Document("export", writer =>
        {
            writer.WriteString("model", description.Model);
            writer.WriteString("file", file);
            writer.WriteNumber("classes", description.Classes.Count);
            writer.WriteNumber("parameters", model.ParameterCount());
            writer.WriteNumber("bytes", bytes);
        });
        return ExitCodes.Ok;
    }
}
