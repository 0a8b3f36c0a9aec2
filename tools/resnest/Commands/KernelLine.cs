namespace ResNeSt.Cli;

/// <summary>One line of <c>kernels</c>; what only ptxas can tell is null without it.</summary>
internal sealed record KernelLine(
    string Name, IReadOnlyList<string> Operators, int GroupSize, int PtxBytes, int SharedBytes, int? Registers, int? SpillBytes, int? StackBytes, double? Occupancy, string? Limit);
