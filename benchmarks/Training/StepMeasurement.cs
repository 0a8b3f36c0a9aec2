namespace ResNeSt.Benchmarks;

/// <summary>The times of one contender.</summary>
/// <param name="Milliseconds">Of every measured step.</param>
/// <param name="PeakMegabytes">Largest resident memory of its process.</param>
public sealed record StepMeasurement(IReadOnlyList<double> Milliseconds, long PeakMegabytes)
{
    /// <summary>The time in the middle.</summary>
    public double Median => Milliseconds.Order().ElementAt(Milliseconds.Count / 2);

    /// <summary>The shortest time.</summary>
    public double Best => Milliseconds.Min();
}
