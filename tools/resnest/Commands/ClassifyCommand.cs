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

    private readonly Option<string?> _model = new("--model", "-m") { Description = "Name in the zoo; resnest50 if left out and its weights are at hand, else the small network that comes with this command", HelpName = "NAME" };
    private readonly Option<string?> _run = new("--run") { Description = "Folder of a training run: its network and its best weights", HelpName = "DIR" };
    private readonly Option<string?> _weights = new("--weights", "-w") { Description = "A weight file, an address to fetch it from, or 'golden' for generated weights that only prove the arithmetic; files written by training tell their network", HelpName = "FILE|URL|golden" };
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
            verb._pictures, verb._model, verb._run, verb._weights, verb._top, verb._classes, verb._labels, verb._rule, verb._dumpGraph,
        };
        verb._device.AddTo(command);
        command.SetAction(parsed => verb.Run(parsed, newReport(parsed)));
        return command;
    }

    private int Run(ParseResult parsed, Report report)
    {
        int top = parsed.GetValue(_top);
        if (top < 1)
            throw new UsageException($"--top {top} is not at least 1");
        if (parsed.GetValue(_classes) is < 1)
            throw new UsageException("--classes must be at least 1");
        if (parsed.GetValue(_model) is { } model)
            ModelZoo.Find(model);
        var pictures = PictureList.Expand(parsed.GetRequiredValue(_pictures));
        var backend = _device.Use(parsed);
        var network = Choose(parsed, report);
        _console.Cancellation.ThrowIfCancellationRequested();
        using var session = network.Weights.Compile(network.Entry, network.Changes, network.InputSpec,
            new InferenceOptions { Device = backend.Device, DumpPrefix = parsed.GetValue(_dumpGraph) });
        report.Note($"{network.Entry.Name} on {backend.Device}, weights: {network.Weights.Description}");

        var results = new List<PictureResult>();
        foreach (string picture in pictures)
        {
            _console.Cancellation.ThrowIfCancellationRequested();
            var result = Classify(session, network.Input, picture);
            results.Add(result);
            Print(report, result, network, top, pictures.Count > 1);
        }

        report.Document("classify", writer => Write(writer, network, backend.Device, results, top));
        return results.Exists(result => result.Failure is not null) ? ExitCodes.BadInput : ExitCodes.Ok;
    }

    /// <summary>The network that is asked for; where none is, ResNeSt-50 if its weights are at hand, else the box's.</summary>
    private NetworkChoice Choose(ParseResult parsed, Report report)
    {
        var (run, model, weights) = (parsed.GetValue(_run), parsed.GetValue(_model), parsed.GetValue(_weights));
        var (classes, rule, labels) = (parsed.GetValue(_classes), parsed.GetValue(_rule), parsed.GetValue(_labels));
        if (run is not null)
        {
            if (model is not null || classes is not null)
                throw new UsageException($"--run and {(model is not null ? _model.Name : _classes.Name)} exclude each other: a run knows its network");
            return NetworkChoice.OfRun(run, weights, rule, labels);
        }

        var entry = ModelZoo.Find(model ?? NetworkChoice.DefaultModel);
        if (classes is null && weights is not null && WeightChoice.IsFile(weights) && NetworkChoice.ReadDescription(weights) is { } described
            && (model is null || ModelZoo.Find(described.Model) == entry))
        {
            return NetworkChoice.Described(described, weights, rule, labels);
        }

        if (model is null && classes is null && weights is null && !WeightChoice.AreAtHand(entry)
            && BoxModel.Find() is { } box && NetworkChoice.ReadDescription(box) is { } small)
        {
            report.Note(BoxModel.Explain(small, entry));
            return NetworkChoice.Described(small, box, rule, labels);
        }

        var transform = Preprocessor.For(entry.Card.Preprocessing, rule);
        var names = Labels.Read(labels, classes ?? ImageNetClasses.Names.Count);
        return new NetworkChoice(entry, new ModelChanges(Classes: classes), new PictureInput(transform, 3), names, WeightChoice.Find(entry, weights, _console, report));
    }

    private PictureResult Classify(InferenceSession session, PictureInput input, string picture)
    {
        try
        {
            long start = Stopwatch.GetTimestamp();
            var image = picture == "-" ? PictureReader.Read(_console.OpenInput()) : PictureReader.Read(picture);
            float[] pixels = input.Of(image);
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

    private void Print(Report report, PictureResult result, NetworkChoice network, int top, bool several)
    {
        bool golden = network.Weights.IsGolden;
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
                : string.Create(CultureInfo.InvariantCulture, $"  {probability * 100,6:f2} %  {network.Labels[index]}"));
        }

        if (several)
            report.Line("");
    }

    private static void Write(Utf8JsonWriter writer, NetworkChoice network, Device device, List<PictureResult> results, int top)
    {
        bool golden = network.Weights.IsGolden;
        writer.WriteString("model", network.Entry.Name);
        writer.WriteString("weights", network.Weights.Description);
        writer.WriteBoolean("trained", !golden);
        writer.WriteNumber("classes", network.Labels.Count);
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
                    if (!golden)
                        writer.WriteString("name", network.Labels[index]);
                    writer.WriteNumber("probability", probability);
                    writer.WriteNumber("logit", logit);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                if (golden)
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
