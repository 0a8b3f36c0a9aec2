namespace ResNeSt.Nn;

/// <summary>A state dict does not fit the module it was to be loaded into.</summary>
/// <param name="report">What fits and what does not.</param>
public sealed class StateDictException(StateDictReport report) : ArgumentException($"state dict does not fit the module: {report}")
{
    /// <summary>What fits and what does not.</summary>
    public StateDictReport Report { get; } = report;
}
