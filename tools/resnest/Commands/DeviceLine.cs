namespace ResNeSt.Cli;

/// <summary>One line of <c>devices</c>.</summary>
/// <param name="Device">The name for <c>--device</c>, or only its kind where there is none.</param>
/// <param name="Name">The maker's name; null where there is no such device.</param>
/// <param name="Summary">A few words about it, or why there is none.</param>
/// <param name="Facts">What <c>-v</c> adds.</param>
internal sealed record DeviceLine(string Device, string? Name, string Summary, IReadOnlyList<(string Name, string Value)> Facts);
