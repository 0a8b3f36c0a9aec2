namespace ResNeSt.Training;

/// <summary>How a run is done; what it trains is the <see cref="Training.Recipe"/>'s.</summary>
public sealed record TrainerOptions
{
    /// <summary>Hyperparameters.</summary>
    public required Recipe Recipe { get; init; }

    /// <summary>Seed of order, augmentation, mixing and dropout.</summary>
    public ulong Seed { get; init; }

    /// <summary>Where logs and checkpoints go; null for nowhere.</summary>
    public string? RunFolder { get; init; }

    /// <summary>Free text that goes into the weight files, so that they tell what they are; null for none.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Parts a batch is cut into to save memory; batch norms see a part at a time.</summary>
    public int Accumulation { get; init; } = 1;

    /// <summary>Threads that read and augment.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Leave out pictures that cannot be read, and name them; else the first one ends the run.</summary>
    public bool SkipUnreadable { get; init; }

    /// <summary>Leave out batches whose loss or gradient is not finite; else the first one ends the run.</summary>
    public bool SkipNonFinite { get; init; }

    /// <summary>Steps between checkpoints; null for as often as costs at most a twentieth of the time, and after every epoch.</summary>
    public int? SaveEvery { get; init; }

    /// <summary>Steps after which the run stops as if interrupted; null for all.</summary>
    public long? MaxSteps { get; init; }

    /// <summary>Mixed precision's factor of the loss, or null.</summary>
    public LossScaler? Scaler { get; init; }

    /// <summary>The other replicas, or null.</summary>
    public ReplicaGroup? Group { get; init; }

    /// <summary>Told after every step.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }

    /// <summary>Told in one line what the user should know.</summary>
    public Action<string> Note { get; init; } = _ => { };

    /// <summary>Stands between checkpoints and disk; for tests of failing disks.</summary>
    public Func<Stream, Stream>? WrapCheckpoints { get; init; }
}

/// <summary>Where a run is.</summary>
/// <param name="Epoch">Running epoch, from one.</param>
/// <param name="Epochs">Epochs in all.</param>
/// <param name="Batch">Batches of the epoch that are done.</param>
/// <param name="Batches">Batches of an epoch.</param>
/// <param name="Loss">Mean loss of the epoch so far.</param>
/// <param name="Top1">Accuracy on the epoch's samples so far.</param>
/// <param name="LearningRate">Rate of the last step.</param>
/// <param name="ImagesPerSecond">Speed of the epoch since it was begun or resumed.</param>
/// <param name="Remaining">Time to the end of the run at this speed.</param>
public readonly record struct TrainingProgress(int Epoch, int Epochs, int Batch, int Batches, double Loss, double Top1, double LearningRate,
    double ImagesPerSecond, TimeSpan Remaining);

/// <summary>How a run ended.</summary>
/// <param name="Finished">All epochs are done; else it was interrupted, and can be resumed.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Epochs">What the epochs came to.</param>
public sealed record TrainingResult(bool Finished, TrainingState State, IReadOnlyList<EpochRow> Epochs);

/// <summary>Training cannot go on: the loss or the gradient is not finite.</summary>
public sealed class TrainingDivergedException(string message) : Exception(message);
