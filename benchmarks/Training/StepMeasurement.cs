namespace ResNeSt.Benchmarks;

/// <summary>The times of one contender.</summary>
/// <param name="Milliseconds">Of every measured step, by the clock.</param>
/// <param name="Busy">Milliseconds of all processors together: on a machine with other work the better comparison, if waiting threads do not spin.</param>
/// <param name="PeakMegabytes">Largest resident memory of its process.</param>
public sealed record StepMeasurement(IReadOnlyList<double> Milliseconds, IReadOnlyList<double> Busy, long PeakMegabytes)
{
    /// <summary>The time in the middle.</summary>
    public double Median => Middle(Milliseconds);

    /// <summary>The processors' time in the middle.</summary>
    public double MedianBusy => Middle(Busy);

    /// <summary>The shortest time.</summary>
    public double Best => Milliseconds.Min();

    private static double Middle(IReadOnlyList<double> values) => values.Order().ElementAt(values.Count / 2);
}
