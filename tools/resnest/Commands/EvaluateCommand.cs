using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Tools;
using ResNeSt.Training;

namespace ResNeSt.Cli;

/// <summary><c>evaluate</c>: top-1 and top-5 on labelled pictures.</summary>
internal sealed class EvaluateCommand
{
    private readonly Option<string?> _run = new("--run") { Description = "Folder of a training run: its network, its weights, the test pictures of its data", HelpName = "DIR" };
    private readonly Option<string?> _data = new("--data", "-d") { Description = "Folder of the data", HelpName = "DIR" };
    private readonly Option<string?> _imageNet = new("--imagenet") { Description = "Folder of ImageNet's validation pictures, one folder a class, for a published network", HelpName = "DIR" };
    private readonly Option<string> _format = new("--format") { Description = "auto, imagefolder, cifar10 or idx", DefaultValueFactory = _ => "auto", HelpName = "KIND" };
    private readonly Option<string> _model = new("--model", "-m") { Description = "Name in the zoo, where no run is given", DefaultValueFactory = _ => "resnest50", HelpName = "NAME" };
    private readonly Option<string?> _weights = new("--weights", "-w") { Description = "Weight file, address, or 'golden'; the run's best or the published ones if left out", HelpName = "FILE|URL" };
    private readonly Option<string?> _rule = new("--rule") { Description = "Evaluation rule instead of the model card's", HelpName = "NAME" };
    private readonly Option<int> _batch = new("--batch") { Description = "Pictures at a time", DefaultValueFactory = _ => 32, HelpName = "N" };
    private readonly Option<int> _workers = new("--workers") { Description = "Threads that read pictures", DefaultValueFactory = _ => 1, HelpName = "N" };
    private readonly Option<double?> _atLeast = new("--at-least") { Description = "Exit with code 5 if top-1 is below this many percent", HelpName = "PERCENT" };
    private readonly Option<string> _onCorrupt = new("--on-corrupt") { Description = "What an unreadable picture does: fail, or skip it", DefaultValueFactory = _ => "fail", HelpName = "fail|skip" };
    private readonly DeviceOptions _device = new();
    private readonly CommandConsole _console;

    private EvaluateCommand(CommandConsole console) => _console = console;

    public static Command Create(CommandConsole console, Func<ParseResult, Report> newReport)
    {
        var verb = new EvaluateCommand(console);
        var command = new Command("evaluate", "Measures the accuracy of a network on labelled pictures.")
        {
            verb._run, verb._data, verb._imageNet, verb._format, verb._model, verb._weights, verb._rule, verb._batch, verb._workers, verb._atLeast, verb._onCorrupt,
        };
        verb._device.AddTo(command);
        command.SetAction(parsed => verb.Run(parsed, newReport(parsed)));
        return command;
    }

    private int Run(ParseResult parsed, Report report)
    {
        if (parsed.GetValue(_batch) is < 1 or > 65536)
            throw new UsageException($"--batch {parsed.GetValue(_batch)} is not between 1 and 65536");
        if (parsed.GetValue(_workers) is < 0 or > 256)
            throw new UsageException($"--workers {parsed.GetValue(_workers)} is not between 0 and 256");
        if (parsed.GetRequiredValue(_onCorrupt) is not ("fail" or "skip"))
            throw new UsageException($"--on-corrupt {DataFileException.Escape(parsed.GetRequiredValue(_onCorrupt))} is neither fail nor skip");
        if (parsed.GetValue(_atLeast) is { } demand && !(demand is >= 0 and <= 100))
            throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--at-least {demand} is not between 0 and 100"));
        var device = _device.Use(parsed).Device;
        var (model, what, dataset, pipeline) = parsed.GetValue(_run) is { } run ? OfRun(parsed, run, device) : OfZoo(parsed, report, device);
        using (model)
        {
            var loader = new DataLoader(dataset, pipeline, parsed.GetValue(_batch))
            {
                Shuffle = false,
                DropLast = false,
                Workers = parsed.GetValue(_workers),
                SkipUnreadable = parsed.GetRequiredValue(_onCorrupt) == "skip",
            };
            using var line = report.Progress("evaluating", null);
            long start = Stopwatch.GetTimestamp();
            var result = Evaluator.Run(model, loader, new Relay(line, dataset.Count), text =>
            {
                line.Clear();
                report.Warn(text);
            }, _console.Cancellation);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            line.Clear();
            report.Line(string.Create(CultureInfo.InvariantCulture,
                $"{what}: top-1 {100 * result.Top1:f2} %, top-5 {100 * result.Top5:f2} %, loss {result.Loss:f4} on {result.Count} pictures{(result.Skipped > 0 ? $" ({result.Skipped} unreadable)" : "")}, {result.Count / seconds:f0} images/s on {device}"));
            report.Document("evaluate", writer =>
            {
                writer.WriteString("model", what);
                writer.WriteString("device", device.ToString());
                writer.WriteNumber("top1", result.Top1);
                writer.WriteNumber("top5", result.Top5);
                writer.WriteNumber("loss", result.Loss);
                writer.WriteNumber("pictures", result.Count);
                writer.WriteNumber("skipped", result.Skipped);
                writer.WriteNumber("seconds", Math.Round(seconds, 3));
            });
            return parsed.GetValue(_atLeast) is { } least && !(100 * result.Top1 >= least) ? ExitCodes.Different : ExitCodes.Ok;
        }
    }

    private (Module Model, string What, PictureDataset Dataset, SamplePipeline Pipeline) OfRun(ParseResult parsed, string run, Device device)
    {
        foreach (var option in (Option[])[_imageNet, _rule, _model])
        {
            if (parsed.GetResult(option) is { Implicit: false })
                throw new UsageException($"--run and {option.Name} exclude each other: a run knows its network and its rule");
        }

        var config = RunConfig.Read(run);
        string weights = parsed.GetValue(_weights) ?? RunModel.FindWeights(run);
        var dataset = Datasets.Open(parsed.GetValue(_data) ?? config.Data, training: false, config.Format);
        if (dataset.Classes.Count != config.Classes.Count)
            throw new DataFileException(DataFileErrorKind.ModelMismatch, $"the data has {dataset.Classes.Count} classes, the run {config.Classes.Count}", run);
        var model = RunModel.Declare(config);
        model.MaterializeEmpty(device);
        WeightLoader.Load(model, weights, config.Model, cancellation: _console.Cancellation);
        return (model, $"{config.Model} of {DataFileException.Escape(weights)}", dataset, config.Recipe.EvaluationPipeline());
    }

    private (Module Model, string What, PictureDataset Dataset, SamplePipeline Pipeline) OfZoo(ParseResult parsed, Report report, Device device)
    {
        string format = parsed.GetRequiredValue(_format);
        if (!Datasets.Formats.Contains(format))
            throw new UsageException($"--format {DataFileException.Escape(format)} is none of {string.Join(", ", Datasets.Formats)}");
        var (data, imageNet) = (parsed.GetValue(_data), parsed.GetValue(_imageNet));
        if ((data is null) == (imageNet is null))
            throw new UsageException("give one of --run, --data and --imagenet");
        var entry = ModelZoo.Find(parsed.GetRequiredValue(_model));
        var transform = Preprocessor.For(entry.Card.Preprocessing, parsed.GetValue(_rule));
        PictureDataset dataset = imageNet is not null ? ImageFolder.Open(imageNet) : Datasets.Open(data!, training: false, format);
        if (imageNet is not null && dataset.Classes.Count != ImageNetClasses.Names.Count)
            throw new DataFileException(DataFileErrorKind.ModelMismatch, $"has {dataset.Classes.Count} folders, ImageNet has {ImageNetClasses.Names.Count} classes", imageNet);
        if (dataset.Channels != 3)
            throw new UsageException("the data is grey; evaluate a run that was trained on it with --run");
        var source = WeightChoice.Find(entry, parsed.GetValue(_weights), _console, report);
        var model = source.Load(entry, new ModelChanges(Classes: dataset.Classes.Count), device, _console.Cancellation);
        var pipeline = new SamplePipeline { Size = transform.CropSize, Fit = transform.Prepare, Mean = transform.Mean, Deviation = transform.Deviation };
        return (model, $"{entry.Name} with {source.Description}", dataset, pipeline);
    }

    private sealed class Relay(ProgressLine line, int total) : IProgress<long>
    {
        private readonly long _start = Stopwatch.GetTimestamp();

        public void Report(long value) => line.Report(() => string.Create(CultureInfo.InvariantCulture,
            $"{value} of {total} pictures, {value / Stopwatch.GetElapsedTime(_start).TotalSeconds:f0} images/s"));
    }
}
