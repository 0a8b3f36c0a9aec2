namespace ResNeSt.Training;

/// <summary>The step length as a function of the step: warm-up, then a cosine or steps.</summary>
public sealed record LearningRateSchedule
{
    /// <summary>Form of the curve behind the warm-up.</summary>
    public ScheduleKind Kind { get; init; } = ScheduleKind.Cosine;

    /// <summary>The rate at the top.</summary>
    public required double Rate { get; init; }

    /// <summary>Epochs of the whole run.</summary>
    public required int Epochs { get; init; }

    /// <summary>Optimiser steps of an epoch.</summary>
    public required int StepsPerEpoch { get; init; }

    /// <summary>Epochs of linear warm-up; may be a fraction.</summary>
    public double WarmupEpochs { get; init; }

    /// <summary>Rate at the first step of the warm-up.</summary>
    public double WarmupStart { get; init; }

    /// <summary>The cosine's end.</summary>
    public double FinalRate { get; init; }

    /// <summary>The rate changes between epochs only.</summary>
    public bool PerEpoch { get; init; }

    /// <summary>The curve counts from the end of the warm-up; else it counts from the start, and the warm-up covers its beginning.</summary>
    public bool CountsFromWarmup { get; init; } = true;

    /// <summary>Epochs after which <see cref="ScheduleKind.Step"/> multiplies by <see cref="StepFactor"/>.</summary>
    public int StepEpochs { get; init; } = 30;

    /// <summary>Factor of <see cref="ScheduleKind.Step"/>.</summary>
    public double StepFactor { get; init; } = 0.1;

    /// <summary>The rate of a step.</summary>
    /// <param name="step">Steps done before it, from zero.</param>
    public double At(long step)
    {
        double epoch = PerEpoch ? step / StepsPerEpoch : (double)step / StepsPerEpoch;
        if (epoch < WarmupEpochs)
            return WarmupStart + (Rate - WarmupStart) * epoch / WarmupEpochs;
        double origin = CountsFromWarmup ? WarmupEpochs : 0;
        return Kind switch
        {
            ScheduleKind.Constant => Rate,
            ScheduleKind.Step => Rate * Math.Pow(StepFactor, Math.Floor((epoch - origin) / StepEpochs)),
            ScheduleKind.Cosine => FinalRate + 0.5 * (Rate - FinalRate) * (1 + Math.Cos(Math.PI * Math.Min(1, (epoch - origin) / Math.Max(Epochs - origin, double.Epsilon)))),
            _ => throw new InvalidOperationException($"unknown schedule {Kind}"),
        };
    }
}

/// <summary>Form of a schedule behind the warm-up.</summary>
public enum ScheduleKind
{
    /// <summary>Half a cosine from the rate to the final rate.</summary>
    Cosine,

    /// <summary>A factor every so many epochs.</summary>
    Step,

    /// <summary>The rate, unchanged.</summary>
    Constant,
}
