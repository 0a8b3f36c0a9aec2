using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ResNeSt.Imaging;
using ResNeSt.Inference;
using ResNeSt.Models;
using ResNeSt.Tensors;
using ResNeSt.Tools;

namespace ResNeSt.Cli;

/// <summary><c>classify PICTURE...</c>: the best classes of each picture.</summary>
internal sealed class ClassifyCommand
{
    private readonly Argument<string[]> _pictures = new("PICTURE")
    {
        Description = "JPEG, PNG, BMP or PPM files, or folders of them; - is standard input",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> _model = new("--model", "-m") { Description = "Name in the zoo", DefaultValueFactory = _ => "resnest50", HelpName = "NAME" };
    private readonly Option<string?> _weights = new("--weights", "-w") { Description = "A weight file, an address to fetch it from, or 'golden' for generated weights that only prove the arithmetic", HelpName = "FILE|URL|golden" };
    private readonly Option<int> _top = new("--top", "-k") { Description = "Classes to print", DefaultValueFactory = _ => 5, HelpName = "N" };
    private readonly Option<int?> _classes = new("--classes") { Description = "Number of classes, if the weights were trained for another set", HelpName = "N" };
    private readonly Option<string?> _labels = new("--labels") { Description = "Text file with the name of one class a line", HelpName = "FILE" };
    private readonly Option<string?> _rule = new("--rule") { Description = "Evaluation rule instead of the model card's: official, gluon, timm, torchvision, torchvision-v2", HelpName = "NAME" };
    private readonly Option<string?> _dumpGraph = new("--dump-graph") { Description = "Write the network's operators as traced and as optimised: PREFIX.before.txt, .dot, .svg and PREFIX.after.*", HelpName = "PREFIX" };
    private readonly DeviceOptions _device = new();
    private readonly CommandConsole _console;

    private ClassifyCommand(CommandConsole console) => _console = console;

    public static Command Create(CommandConsole console, Func<ParseResult, Report> newReport)
    {
        var verb = new ClassifyCommand(console);
        var command = new Command("classify", "Tells what is on each picture: the best classes with their probabilities.")
        {
            verb._pictures, verb._model, verb._weights, verb._top, verb._classes, verb._labels, verb._rule, verb._dumpGraph,
        };
        verb._device.AddTo(command);
        command.SetAction(parsed => verb.Run(parsed, newReport(parsed)));
        return command;
    }

    private int Run(ParseResult parsed, Report report)
    {
        var entry = ModelZoo.Find(parsed.GetRequiredValue(_model));
        int top = parsed.GetValue(_top);
        if (top < 1)
            throw new UsageException($"--top {top} is not at least 1");
        if (parsed.GetValue(_classes) is < 1)
            throw new UsageException("--classes must be at least 1");
        var pictures = PictureList.Expand(parsed.GetRequiredValue(_pictures));
        var transform = Preprocessor.For(entry.Card.Preprocessing, parsed.GetValue(_rule));
        var backend = _device.Use(parsed);
        var changes = new ModelChanges(Classes: parsed.GetValue(_classes));
        var labels = Labels.Read(parsed.GetValue(_labels), changes.Classes ?? 1000);
        var source = WeightChoice.Find(entry, parsed.GetValue(_weights), _console, report);
        _console.Cancellation.ThrowIfCancellationRequested();
        using var session = source.Compile(entry, changes, new TensorSpec([1, 3, transform.CropSize, transform.CropSize], DType.F32),
            new InferenceOptions { Device = backend.Device, DumpPrefix = parsed.GetValue(_dumpGraph) });
        report.Note($"{entry.Name} on {backend.Device}, weights: {source.Description}");

        var results = new List<PictureResult>();
        foreach (string picture in pictures)
        {
            _console.Cancellation.ThrowIfCancellationRequested();
            var result = Classify(session, transform, picture);
            results.Add(result);
            Print(report, result, labels, top, source.IsGolden, pictures.Count > 1);
        }

        report.Document("classify", writer => Write(writer, entry, source, backend.Device, results, labels, top));
        return results.Exists(result => result.Failure is not null) ? ExitCodes.BadInput : ExitCodes.Ok;
    }

    private PictureResult Classify(InferenceSession session, EvaluationTransform transform, string picture)
    {
        try
        {
            long start = Stopwatch.GetTimestamp();
            var image = picture == "-" ? PictureReader.Read(_console.OpenInput()) : PictureReader.Read(picture);
            float[] pixels = transform.Apply(image);
            double readSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

            start = Stopwatch.GetTimestamp();
            var logits = new float[session.Output.ElementCount];
            session.Run(pixels, logits, _console.Cancellation);
            return new PictureResult(picture, logits, readSeconds, Stopwatch.GetElapsedTime(start).TotalSeconds, null);
        }
        catch (DataFileException failure)
        {
            return new PictureResult(picture, [], 0, 0, picture == "-" ? failure : failure.WithFile(picture));
        }
    }

    private void Print(Report report, PictureResult result, IReadOnlyList<string> labels, int top, bool golden, bool several)
    {
        if (result.Failure is { } failure)
        {
            _console.Error.WriteLine($"error: {failure.Message}");
            return;
        }

        string name = DataFileException.Escape(result.Picture);
        report.Line(string.Create(CultureInfo.InvariantCulture,
            $"{name}: {(golden ? "largest logits (untrained weights)" : "best classes")}, read in {result.ReadSeconds * 1e3:f0} ms, network {result.NetworkSeconds * 1e3:f0} ms"));
        foreach (var (index, logit, probability) in result.Best(top))
        {
            report.Line(golden
                ? string.Create(CultureInfo.InvariantCulture, $"  {logit,9:f6}  class {index}")
                : string.Create(CultureInfo.InvariantCulture, $"  {probability * 100,6:f2} %  {labels[index]}"));
        }

        if (several)
            report.Line("");
    }

    private static void Write(Utf8JsonWriter writer, ModelEntry entry, WeightChoice source, Device device,
        List<PictureResult> results, IReadOnlyList<string> labels, int top)
    {
        writer.WriteString("model", entry.Name);
        writer.WriteString("weights", source.Description);
        writer.WriteBoolean("trained", !source.IsGolden);
        writer.WriteString("device", device.ToString());
        writer.WriteStartArray("pictures");
        foreach (var result in results)
        {
            writer.WriteStartObject();
            writer.WriteString("picture", result.Picture);
            if (result.Failure is { } failure)
            {
                writer.WriteStartObject("error");
                writer.WriteString("kind", failure.Kind.ToString());
                writer.WriteString("message", failure.Message);
                writer.WriteEndObject();
            }
            else
            {
                writer.WriteNumber("readMilliseconds", Math.Round(result.ReadSeconds * 1e3, 3));
                writer.WriteNumber("networkMilliseconds", Math.Round(result.NetworkSeconds * 1e3, 3));
                writer.WriteStartArray("classes");
                foreach (var (index, logit, probability) in result.Best(top))
                {
                    writer.WriteStartObject();
                    writer.WriteNumber("index", index);
                    if (!source.IsGolden)
                        writer.WriteString("name", labels[index]);
                    writer.WriteNumber("probability", probability);
                    writer.WriteNumber("logit", logit);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                if (source.IsGolden)
                {
                    writer.WriteStartArray("logits");
                    foreach (float logit in result.Logits)
                        writer.WriteNumberValue(logit);
                    writer.WriteEndArray();
                }
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
