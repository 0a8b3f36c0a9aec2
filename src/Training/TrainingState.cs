using System.Text.Json;
using System.Text.Json.Serialization;

namespace ResNeSt.Training;

/// <summary>Where a run stands: with the tensors of a checkpoint, all that its next step depends on.</summary>
public sealed record TrainingState
{
    /// <summary>Version of the document.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Steps done.</summary>
    public long Step { get; set; }

    /// <summary>Optimiser steps done: fewer where batches were skipped.</summary>
    public long OptimizerSteps { get; set; }

    /// <summary>The running epoch, from zero.</summary>
    public int Epoch { get; set; }

    /// <summary>Batches of it that are done.</summary>
    public int Batch { get; set; }

    /// <summary>Sum of the samples' losses in the running epoch.</summary>
    public double LossSum { get; set; }

    /// <summary>Samples seen in the running epoch.</summary>
    public long Samples { get; set; }

    /// <summary>Of them, those whose class had the largest logit.</summary>
    public long Correct { get; set; }

    /// <summary>Best validation accuracy so far; negative before any.</summary>
    public double BestTop1 { get; set; } = -1;

    /// <summary>The epoch of the best validation accuracy.</summary>
    public int BestEpoch { get; set; } = -1;

    /// <summary>Factor of the loss in mixed precision.</summary>
    public double LossScale { get; set; } = 1;

    /// <summary>Steps since the factor changed.</summary>
    public int StepsSinceScale { get; set; }

    /// <summary>Seconds of training so far, interruptions not counted.</summary>
    public double Seconds { get; set; }

    /// <summary>All epochs are done.</summary>
    public bool Finished { get; set; }

    /// <summary>Name of the file with the tensors, beside the document.</summary>
    public string Tensors { get; init; } = "";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true, NewLine = "\n")]
[JsonSerializable(typeof(TrainingState))]
internal sealed partial class TrainingJson : JsonSerializerContext;
