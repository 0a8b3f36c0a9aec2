using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tools;
using ResNeSt.Training;

namespace ResNeSt.Cli;

/// <summary><c>train</c>: a network from pictures, into a run folder.</summary>
internal sealed class TrainCommand
{
    private readonly TrainFlags _flags = new();
    private readonly Option<string?> _out = new("--out", "-o") { Description = "Folder of the run: config, logs, curves, checkpoints, weights", HelpName = "DIR" };
    private readonly Option<string?> _resume = new("--resume") { Description = "Go on with the run in this folder", HelpName = "DIR" };
    private readonly Option<int> _workers = new("--workers") { Description = "Threads that read and augment pictures", DefaultValueFactory = _ => 1, HelpName = "N" };
    private readonly Option<int?> _saveEvery = new("--save-every") { Description = "Steps between checkpoints; as often as costs a twentieth of the time if left out", HelpName = "N" };
    private readonly Option<long?> _maxSteps = new("--max-steps") { Description = "Stop after so many steps in all, as Ctrl-C does", HelpName = "N" };
    private readonly Option<string> _onCorrupt = new("--on-corrupt") { Description = "What an unreadable picture does: fail, or skip it", DefaultValueFactory = _ => "fail", HelpName = "fail|skip" };
    private readonly Option<string> _onNan = new("--on-nan") { Description = "What a loss that is no number does: stop, or skip the batch", DefaultValueFactory = _ => "stop", HelpName = "stop|skip" };
    private readonly Option<int> _replicas = new("--replicas") { Description = "Processes on this machine that share every batch; across machines start them with mpirun instead", DefaultValueFactory = _ => 1, HelpName = "N" };
    private readonly Option<bool> _recompute = new("--recompute") { Description = "Keep only the stages' inputs for the gradients and compute the stages twice: less memory, a third more time" };
    private readonly DeviceOptions _device = new();
    private readonly CommandConsole _console;

    private TrainCommand(CommandConsole console) => _console = console;

    public static Command Create(CommandConsole console, Func<ParseResult, Report> newReport)
    {
        var verb = new TrainCommand(console);
        var command = new Command("train", "Trains a network; Ctrl-C finishes the step and saves, --resume goes on with the same bits.");
        foreach (var option in verb._flags.All)
            command.Add(option);
        foreach (var option in (Option[])[verb._out, verb._resume, verb._workers, verb._saveEvery, verb._maxSteps, verb._onCorrupt, verb._onNan, verb._replicas, verb._recompute])
            command.Add(option);
        verb._device.AddTo(command);
        command.SetAction(parsed => verb.Run(parsed, newReport(parsed)));
        return command;
    }

    private int Run(ParseResult parsed, Report report)
    {
        string? resumed = parsed.GetValue(_resume);
        if (resumed is not null && parsed.GetValue(_out) is not null)
            throw new UsageException("--out and --resume exclude each other: a resumed run stays in its folder");
        var options = ReadOptions(parsed);
        var names = _device.List(parsed);
        if (names.Count > 1 && (parsed.GetValue(_replicas) > 1 || TrainReplicas.IsOneOfSeveral))
            throw new UsageException("several devices in --device exclude --replicas and mpirun: give each process one device, or list the devices in one process");
        using var replicas = TrainReplicas.Start(parsed.GetValue(_replicas));
        int count = Math.Max(replicas.Count, names.Count);
        bool leads = replicas.Group is null or { Rank: 0 };
        if (!leads)
            report = report.Silent();
        string folder = resumed ?? NewFolder(parsed.GetValue(_out), leads);
        var (config, training, validation) = resumed is null ? _flags.NewRun(parsed) : _flags.OldRun(parsed, resumed);
        Directory.CreateDirectory(folder);
        _device.UseThreads(parsed);
        var backends = names.Select(name => DefaultBackends.Use(name)).ToList();
        if (config.Recipe.BatchSize % count != 0)
            throw new UsageException($"{count} replicas cannot share a batch of {config.Recipe.BatchSize} evenly; choose another --batch");
        var precision = Use(config.Precision, backends);
        var threads = names.Count > 1 ? ThreadReplicas.Create(names.Count) : [];
        using var models = new ModuleList();
        for (int rank = 0; rank < backends.Count; rank++)
            models.Add(NewModel(config, backends[rank], precision, parsed.GetValue(_recompute), threads.Count > 0 ? threads[rank] : replicas.Group));
        if (resumed is null && leads)
            (config with { Replicas = count, Machine = $"{string.Join(',', backends.Select(backend => backend.Device))}, {EngineSettings.Threads} threads, {RuntimeInformation.OSArchitecture}" }).Write(folder);

        using var line = report.Progress("training", null);
        report.Note(string.Create(CultureInfo.InvariantCulture,
            $"{config.Model} ({models[0].ParameterCount():n0} parameters) on {string.Join(" and ", backends.Select(backend => backend.Device))}, {config.Precision}, recipe {config.Recipe.Name}, {training.Count} pictures of {config.Classes.Count} classes, {validation?.Count ?? 0} for validation, into {DataFileException.Escape(folder)}"));
        options = options with
        {
            Recipe = config.Recipe,
            Seed = config.Seed,
            Accumulation = config.Accumulation,
            RunFolder = folder,
            Metadata = RunModel.Describe(config).ToMetadata(),
            Group = replicas.Group,
            Progress = new Relay(line),
            Note = text =>
            {
                line.Clear();
                report.Warn(text);
            },
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_console.Cancellation);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            stop.Cancel();
        });
        var result = threads.Count == 0
            ? Train(models[0], options with { Scaler = precision.NewScaler() })
            : DeviceThreads.Run(threads, member =>
            {
                using var limit = EngineSettings.WithThreads(Math.Max(1, EngineSettings.Threads / count));
                // The others would say the same.
                var own = options with { Group = member, Scaler = precision.NewScaler() };
                return Train(models[member.Rank], member.Rank == 0 ? own : own with { Progress = null, Note = _ => { } });
            });
        line.Clear();
        Print(report, config, folder, result);
        replicas.Succeeded();
        return stop.IsCancellationRequested && !result.Finished ? ExitCodes.Cancelled : ExitCodes.Ok;

        TrainingResult Train(Module model, TrainerOptions options)
        {
            using var trainer = NewTrainer(model, training, validation, options);
            if (resumed is not null)
            {
                trainer.Resume();
                if (options.Progress is not null)
                    report.Note($"going on at step {trainer.State.Step}, epoch {trainer.State.Epoch + 1}");
            }

            if (options.Group is { } group)
                group.Reducer = NcclReducer.TryJoin(group, model.NamedParameters().First().Parameter.Value.Backend, options.Note);
            var trained = trainer.Run(stop.Token);
            // Not after a failure: it would wait for replicas that are gone.
            options.Group?.Reducer?.Dispose();
            return trained;
        }
    }

    /// <summary>Tells the devices what their products round to, and says what is left to do elsewhere.</summary>
    private static MixedPrecision Use(string precision, IReadOnlyList<Backend> backends)
    {
        var setups = backends.Select(backend =>
        {
            GpuSupport.TryUsePrecision(backend, precision);
            return MixedPrecision.Of(precision, GpuSupport.HasTensorCores(backend));
        }).Distinct().ToList();
        return setups.Count == 1
            ? setups[0]
            : throw new UsageException($"--precision {precision} means tensor cores on one of the devices and short parameters on another: list devices of one kind");
    }

    private static Module NewModel(RunConfig config, Backend backend, MixedPrecision precision, bool recompute, ReplicaGroup? group)
    {
        var model = RunModel.Create(config, backend.Device, precision.Storage);
        foreach (var (name, module) in model.NamedModules())
            module.Recomputes = recompute && name is "layer1" or "layer2" or "layer3" or "layer4";
        if (config.SynchronizedNorms && group is not null)
            ReplicaSumOp.SynchronizeNorms(model, group);
        return model;
    }

    private static Trainer NewTrainer(Module model, PictureDataset training, PictureDataset? validation, TrainerOptions options)
    {
        try
        {
            return new Trainer(model, training, validation, options);
        }
        catch (ArgumentException error)
        {
            throw new UsageException(error.Message);
        }
    }

    private static string NewFolder(string? given, bool leads)
    {
        string folder = given ?? throw new UsageException("--out is missing: give the folder that the run shall fill");
        if (!leads)
            return folder;
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new UsageException($"--out {DataFileException.Escape(folder)} is not empty; choose another folder, or --resume it");
        return folder;
    }

    private static void Print(Report report, RunConfig config, string folder, TrainingResult result)
    {
        foreach (var row in result.Epochs)
        {
            report.Line(string.Create(CultureInfo.InvariantCulture,
                $"epoch {row.Epoch,3}  lr {row.LearningRate:g3}  loss {row.TrainLoss:f4}  top-1 {100 * row.TrainTop1:f2} %  validation: loss {row.ValidationLoss:f4}  top-1 {100 * row.ValidationTop1:f2} %  top-5 {100 * row.ValidationTop5:f2} %  {row.ImagesPerSecond:f0} images/s"));
        }

        report.Line(result.Finished
            ? $"done: weights in {DataFileException.Escape(Path.Combine(folder, "model.safetensors"))}"
            : $"stopped after step {result.State.Step}; go on with: resnest train --resume {DataFileException.Escape(folder)}");
        report.Document("train", writer =>
        {
            writer.WriteString("model", config.Model);
            writer.WriteString("run", folder);
            writer.WriteBoolean("finished", result.Finished);
            writer.WriteNumber("steps", result.State.Step);
            writer.WriteNumber("seconds", Math.Round(result.State.Seconds, 3));
            if (result.State.BestEpoch > 0)
            {
                writer.WriteNumber("bestValidationTop1", result.State.BestTop1);
                writer.WriteNumber("bestEpoch", result.State.BestEpoch);
            }
        });
    }

    private TrainerOptions ReadOptions(ParseResult parsed)
    {
        int workers = parsed.GetValue(_workers);
        if (workers is < 0 or > 256)
            throw new UsageException($"--workers {workers} is not between 0 and 256");
        if (parsed.GetValue(_saveEvery) is < 1)
            throw new UsageException("--save-every must be at least 1");
        if (parsed.GetValue(_maxSteps) is < 1)
            throw new UsageException("--max-steps must be at least 1");
        return new TrainerOptions
        {
            Recipe = Recipes.ResNeSt,
            Workers = workers,
            SaveEvery = parsed.GetValue(_saveEvery),
            MaxSteps = parsed.GetValue(_maxSteps),
            SkipUnreadable = Choice(parsed, _onCorrupt, "fail", "skip"),
            SkipNonFinite = Choice(parsed, _onNan, "stop", "skip"),
        };
    }

    private static bool Choice(ParseResult parsed, Option<string> option, string no, string yes) => parsed.GetRequiredValue(option) switch
    {
        var value when value == yes => true,
        var value when value == no => false,
        var value => throw new UsageException($"{option.Name} {DataFileException.Escape(value)} is neither {no} nor {yes}"),
    };

    /// <summary>The networks of this process, one for each device.</summary>
    private sealed class ModuleList : List<Module>, IDisposable
    {
        public void Dispose() => ForEach(module => module.Dispose());
    }

    private sealed class Relay(ProgressLine line) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => line.Report(() => string.Create(CultureInfo.InvariantCulture,
            $"epoch {value.Epoch}/{value.Epochs}, batch {value.Batch}/{value.Batches}, loss {value.Loss:f4}, top-1 {100 * value.Top1:f2} %, lr {value.LearningRate:g3}, {value.ImagesPerSecond:f0} images/s, {Clock(value.Remaining)} left"));

        private static string Clock(TimeSpan time) => time.TotalHours >= 100 ? $"{time.TotalDays:f0} days" : $"{(int)time.TotalHours}:{time.Minutes:d2}:{time.Seconds:d2}";
    }
}
