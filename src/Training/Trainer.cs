using System.Diagnostics;
using System.Globalization;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>The training loop: batches, steps, epochs, validation, logs and checkpoints.</summary>
/// <remarks>Equal seeds give equal bits, for any number of threads and however often a run is interrupted: what a step does depends on the seed,
/// the step's number and the tensors alone.</remarks>
public sealed class Trainer : IDisposable
{
    private readonly Module _model;
    private readonly TrainerOptions _options;
    private readonly DataLoader _loader;
    private readonly DataLoader? _validation;
    private readonly TrainingStep _step;
    private readonly Optimizer _optimizer;
    private readonly ExponentialMovingAverage? _average;
    private readonly LearningRateSchedule _schedule;
    private readonly CheckpointStore? _checkpoints;
    private readonly List<DropBlock2d> _dropBlocks;
    private TrainingState _state = new();
    private RunLog? _log;
    private long _lastSave;
    private double _saveSeconds;
    private bool _saveFailed;

    /// <param name="model">The network, with its memory and first values; the trainer does not dispose it.</param>
    /// <param name="training">Pictures to learn from.</param>
    /// <param name="validation">Pictures to measure after each epoch, or null.</param>
    /// <param name="options">How.</param>
    public Trainer(Module model, PictureDataset training, PictureDataset? validation, TrainerOptions options)
    {
        _model = model;
        _options = options;
        var recipe = options.Recipe;
        if (options.Group is { Size: > 1 } && options.SkipUnreadable)
            throw new ArgumentException("with several replicas an unreadable picture must end the run: they would no longer agree on the batch");
        _loader = new DataLoader(training, recipe.TrainingPipeline(), recipe.BatchSize)
        {
            Seed = options.Seed,
            Workers = options.Workers,
            SkipUnreadable = options.SkipUnreadable,
            Rank = options.Group?.Rank ?? 0,
            Replicas = options.Group?.Size ?? 1,
        };
        if (_loader.BatchesPerEpoch == 0)
            throw new ArgumentException($"{training.Count} pictures are less than one batch of {recipe.BatchSize}; choose a smaller batch");
        if (validation is not null)
        {
            _validation = new DataLoader(validation, recipe.EvaluationPipeline(), Math.Min(recipe.BatchSize, 128))
            {
                Shuffle = false,
                DropLast = false,
                Workers = options.Workers,
                SkipUnreadable = options.SkipUnreadable,
            };
        }

        var parameters = TrainedParameter.Of(model, recipe.Decay);
        _schedule = recipe.ScheduleFor(_loader.BatchesPerEpoch);
        _optimizer = recipe.Optimizer switch
        {
            "sgd" => new Sgd(parameters, _schedule.At(0), recipe.Momentum, recipe.WeightDecay, recipe.Nesterov),
            "adamw" => new AdamW(parameters, _schedule.At(0), weightDecay: recipe.WeightDecay),
            _ => throw new ArgumentException($"there is no optimiser '{recipe.Optimizer}'; there are sgd and adamw"),
        };
        _average = recipe.AverageDecay > 0 ? new ExponentialMovingAverage(model, recipe.AverageDecay) : null;
        _step = new TrainingStep(model, _optimizer, training.Classes.Count, options);
        if (options.Scaler is { } scaler)
            (_state.LossScale, _state.StepsSinceScale) = (scaler.Scale, scaler.QuietSteps);
        _checkpoints = options.RunFolder is { } folder ? new CheckpointStore(Path.Combine(folder, "checkpoints")) { Wrap = options.WrapCheckpoints } : null;
        _dropBlocks = [.. model.NamedModules().Select(entry => entry.Module).OfType<DropBlock2d>()];
        options.Group?.ShareState(model);
    }

    /// <summary>Where the run stands.</summary>
    public TrainingState State => _state;

    private bool Leads => _options.Group is null or { Rank: 0 };

    /// <summary>Goes on where the last checkpoint of the run folder stands.</summary>
    /// <exception cref="DataFileException">There is none, or it does not fit.</exception>
    public void Resume()
    {
        var checkpoints = _checkpoints ?? throw new InvalidOperationException("a run without a folder has no checkpoints");
        _state = checkpoints.Load(Tensors());
        _optimizer.Steps = _state.OptimizerSteps;
        if (_options.Scaler is { } scaler)
            (scaler.Scale, scaler.QuietSteps) = (_state.LossScale, _state.StepsSinceScale);
        if (Leads)
            AtomicFile.RemoveLeftovers(checkpoints.Folder);
    }

    /// <summary>Trains to the last epoch, or until cancelled: then the running step is finished and a checkpoint written.</summary>
    /// <exception cref="TrainingDivergedException">Loss or gradient are not finite; a checkpoint from before that step was written.</exception>
    /// <exception cref="DataFileException">A picture cannot be read, and is not to be skipped; a checkpoint was written.</exception>
    /// <exception cref="IOException">The last checkpoint of the run cannot be written; the one before is whole.</exception>
    public TrainingResult Run(CancellationToken cancellation = default)
    {
        var rows = new List<EpochRow>();
        if (_options.RunFolder is { } folder && Leads)
            _log = new RunLog(folder, _state.Step, _options.Note);
        try
        {
            _lastSave = Stopwatch.GetTimestamp();
            while (!_state.Finished && !IsEnough(cancellation))
            {
                if (Epoch(cancellation) is { } row)
                {
                    rows.Add(row);
                    if (!_state.Finished)
                        Save(mustSucceed: false);
                }
            }

            Save(mustSucceed: true);
            if (_state.Finished)
                WriteFinalModel();
            return new TrainingResult(_state.Finished, _state, _log?.Epochs.ToList() ?? rows);
        }
        catch (Exception error) when (error is TrainingDivergedException or DataFileException)
        {
            _log?.Event(_state.Step, error.Message);
            Save(mustSucceed: false);
            throw;
        }
        finally
        {
            _log?.Dispose();
            _log = null;
        }
    }

    /// <summary>Frees the optimiser's tensors and the average.</summary>
    public void Dispose()
    {
        _optimizer.Dispose();
        _average?.Dispose();
        _step.Dispose();
    }

    private bool IsEnough(CancellationToken cancellation)
    {
        bool enough = cancellation.IsCancellationRequested || (_options.MaxSteps is { } most && _state.Step >= most);
        // One replica's Ctrl-C stops all of them, at the same step.
        if (_options.Group is { Size: > 1 } group)
        {
            double[] votes = [enough ? 1 : 0];
            group.AllReduceSum(votes);
            enough = votes[0] > 0;
        }

        return enough;
    }

    /// <summary>An epoch, or what is left of it; null if it was interrupted.</summary>
    private EpochRow? Epoch(CancellationToken cancellation)
    {
        int batches = _loader.BatchesPerEpoch;
        double dropBlock = _options.Recipe.DropBlock * (_state.Epoch + 1) / _options.Recipe.Epochs;
        foreach (var module in _dropBlocks)
            module.P = dropBlock;
        _model.Train();
        long start = Stopwatch.GetTimestamp(), samples = 0;
        double secondsBefore = _state.Seconds;
        // Not cancelled while waiting for data: the running step is always finished.
        foreach (var batch in _loader.Epoch(_state.Epoch, _state.Batch, CancellationToken.None))
        {
            NoteSkipped(batch);
            double rate = _schedule.At(_state.Step);
            _optimizer.LearningRate = rate;
            var outcome = _step.Run(batch, _state.Epoch, _state.Batch, _state.Step);
            if (outcome.Applied)
                _average?.Update();
            samples += outcome.Samples;
            _state.Step++;
            _state.OptimizerSteps = _optimizer.Steps;
            _state.Batch++;
            _state.Seconds = secondsBefore + Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (outcome.Applied)
            {
                _state.LossSum += outcome.Loss * outcome.Samples;
                _state.Samples += outcome.Samples;
                _state.Correct += outcome.Correct;
            }
            else if (outcome.Samples > 0)
            {
                string what = string.Create(CultureInfo.InvariantCulture, $"step {_state.Step}: loss {outcome.Loss:g4}, gradient norm {outcome.GradientNorm:g4}: the batch was left out");
                _log?.Event(_state.Step, what);
                if (_options.Scaler is null)
                    _options.Note(what);
            }

            if (_options.Scaler is { } scaler)
                (_state.LossScale, _state.StepsSinceScale) = (scaler.Scale, scaler.QuietSteps);
            _log?.Step(_state.Step, _state.Epoch + 1, outcome.Loss, rate, outcome.GradientNorm);
            Report(batches, rate, samples, Stopwatch.GetElapsedTime(start).TotalSeconds);
            if (_state.Batch == batches)
                break;
            SaveIfDue();
            if (IsEnough(cancellation))
                return null;
        }

        return Finish(samples / Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private EpochRow Finish(double imagesPerSecond)
    {
        var validation = Validate();
        int epoch = _state.Epoch + 1;
        var row = new EpochRow(epoch, _state.Step, _optimizer.LearningRate, _state.LossSum / _state.Samples, (double)_state.Correct / _state.Samples,
            validation?.Loss ?? double.NaN, validation?.Top1 ?? double.NaN, validation?.Top5 ?? double.NaN, imagesPerSecond, _state.Seconds);
        if (validation is not null && validation.Top1 > _state.BestTop1)
        {
            (_state.BestTop1, _state.BestEpoch) = (validation.Top1, epoch);
            WriteModel("best.safetensors");
        }

        _state.Epoch = epoch;
        _state.Batch = 0;
        (_state.LossSum, _state.Samples, _state.Correct) = (0, 0, 0);
        _state.Finished = epoch >= _options.Recipe.Epochs;
        _log?.Epoch(row);
        _log?.Flush();
        return row;
    }

    private EvaluationResult? Validate()
    {
        if (_validation is null)
            return null;
        using var averaged = _average?.Use();
        return Evaluator.Run(_model, _validation, note: _options.Note);
    }

    private void Report(int batches, double rate, long samples, double seconds)
    {
        double speed = samples / Math.Max(seconds, 1e-9);
        long left = (long)(_options.Recipe.Epochs - _state.Epoch) * batches - _state.Batch;
        _options.Progress?.Report(new TrainingProgress(_state.Epoch + 1, _options.Recipe.Epochs, _state.Batch, batches,
            _state.LossSum / _state.Samples, (double)_state.Correct / _state.Samples, rate, speed,
            TimeSpan.FromSeconds(Math.Min(1e9, left * (double)_options.Recipe.BatchSize / (_options.Group?.Size ?? 1) / Math.Max(speed, 1e-9)))));
    }

    private void NoteSkipped(Batch batch)
    {
        foreach (var picture in batch.Skipped)
        {
            string what = $"skipped {DataFileException.Escape(picture.Name)}: {picture.Reason}";
            _options.Note(what);
            _log?.Event(_state.Step, what);
        }
    }

    private void SaveIfDue()
    {
        if (_checkpoints is null)
            return;
        bool due = _options.SaveEvery is { } steps
            ? _state.Step % steps == 0
            : Stopwatch.GetElapsedTime(_lastSave).TotalSeconds > Math.Max(10, 20 * _saveSeconds);
        if (due)
            Save(mustSucceed: false);
    }

    private void Save(bool mustSucceed)
    {
        if (_checkpoints is null || !Leads)
            return;
        long start = Stopwatch.GetTimestamp();
        try
        {
            _log?.Flush();
            _checkpoints.Save(_state, Tensors());
            _saveFailed = false;
        }
        catch (Exception error) when (!mustSucceed && error is IOException or UnauthorizedAccessException)
        {
            // The run goes on: the disk may have room again before it ends.
            if (!_saveFailed)
                _options.Note($"no checkpoint at step {_state.Step}, the one before stays: {error.Message}");
            _saveFailed = true;
        }

        _saveSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _lastSave = Stopwatch.GetTimestamp();
    }

    private void WriteFinalModel()
    {
        using (_average?.Use())
            WriteModel("model.safetensors");
    }

    private void WriteModel(string file)
    {
        if (_options.RunFolder is not { } folder || !Leads)
            return;
        using var state = _average is not null && file == "best.safetensors" ? null : _model.StateDict();
        try
        {
            CheckpointStore.WriteModel(Path.Combine(folder, file), state ?? _average!.Average, _options.Metadata);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _options.Note($"{file} could not be written: {error.Message}");
        }
    }

    private IEnumerable<(string Name, Tensor Value)> Tensors()
    {
        foreach (var (name, state) in _model.NamedState())
            yield return ($"model.{name}", state.Value);
        foreach (var (name, value) in _optimizer.NamedState())
            yield return ($"optimizer.{name}", value);
        foreach (var (name, value) in _average?.Average ?? Enumerable.Empty<KeyValuePair<string, Tensor>>())
            yield return ($"average.{name}", value);
    }
}
