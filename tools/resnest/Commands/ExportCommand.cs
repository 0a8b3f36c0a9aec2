using System.CommandLine;
using System.Globalization;
using ResNeSt.Inference;
using ResNeSt.Models;
using ResNeSt.Onnx;
using ResNeSt.Tensors;
using ResNeSt.Tools;

namespace ResNeSt.Cli;

/// <summary><c>export MODEL --onnx FILE</c>: the network with its weights as an ONNX file.</summary>
internal sealed class ExportCommand
{
    // With a batch that may vary, axes of this extent are told apart from those of extent one.
    private const int TracedBatch = 3;

    private readonly Argument<string> _model = new("MODEL") { Description = "Name in the zoo" };
    private readonly Option<string> _onnx = new("--onnx") { Description = "The file to write", Required = true, HelpName = "FILE" };
    private readonly Option<string?> _weights = new("--weights") { Description = "Weight file, address, or 'golden' for generated weights; the published ones if left out", HelpName = "FILE" };
    private readonly Option<string> _batch = new("--batch") { Description = "Pictures at once: a number, or 'dynamic' for any", DefaultValueFactory = _ => "1", HelpName = "N" };
    private readonly Option<int?> _size = new("--size") { Description = "Side of the input in pixels; the model card's if left out", HelpName = "PIXELS" };
    private readonly Option<bool> _force = new("--force") { Description = "Replace a file that exists" };
    private readonly CommandConsole _console;

    private ExportCommand(CommandConsole console) => _console = console;

    public static Command Create(CommandConsole console, Func<ParseResult, Report> newReport)
    {
        var verb = new ExportCommand(console);
        var command = new Command("export", "Writes a network with its weights as an ONNX file, for ONNX Runtime, Netron and others.")
        {
            verb._model, verb._onnx, verb._weights, verb._batch, verb._size, verb._force,
        };
        command.SetAction(parsed => verb.Run(parsed, newReport(parsed)));
        return command;
    }

    private int Run(ParseResult parsed, Report report)
    {
        string file = parsed.GetRequiredValue(_onnx), batchText = parsed.GetRequiredValue(_batch);
        bool dynamic = batchText == "dynamic";
        if (!int.TryParse(dynamic ? TracedBatch.ToString(CultureInfo.InvariantCulture) : batchText, NumberStyles.None, CultureInfo.InvariantCulture, out int batch) || batch is < 1 or > 4096)
            throw new UsageException($"--batch {DataFileException.Escape(batchText)} is neither a number between 1 and 4096 nor 'dynamic'");
        var entry = ModelZoo.Find(parsed.GetRequiredValue(_model));
        int size = parsed.GetValue(_size) ?? entry.Card.Macs.Size;
        if (size is < 1 or > 8192)
            throw new UsageException($"--size {size} is not between 1 and 8192");
        if (Directory.Exists(file))
            throw new UsageException($"--onnx '{DataFileException.Escape(file)}' is a folder; name a file");
        if (File.Exists(file) && !parsed.GetValue(_force))
            throw new IOException($"{file} exists already; give --force to replace it");

        var weights = WeightChoice.Find(entry, parsed.GetValue(_weights), _console, report);
        report.Note($"weights: {weights.Description}");
        var device = DefaultBackends.Use("cpu").Device;
        using var model = weights.Load(entry, new ModelChanges(), device, _console.Cancellation);
        using var workspace = new GraphWorkspace(device);
        var traced = GraphRecorder.Trace(model, new TensorSpec([batch, 3, size, size], DType.F32), workspace);
        var graph = ExpandComposites.Run(traced, workspace, OnnxExporter.HasForm);
        long bytes = OnnxExporter.Export(graph, file, new OnnxExportOptions { Name = entry.Name, DynamicBatch = dynamic });

        string shape = $"[{(dynamic ? "batch" : batchText)},3,{size},{size}]";
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
}
