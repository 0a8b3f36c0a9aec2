namespace ResNeSt.Kernels.Cpu;

/// <summary>The algorithms for convolutions, and which one to take where nothing was measured.</summary>
internal static class ConvAlgorithms
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<ConvAlgorithm> All { get; } = [DirectAlgorithm.Blocked, DirectAlgorithm.Planes];

    /// <summary>Those that can compute a problem.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="hasPlanes">Whether the input comes as dense planes.</param>
    public static IEnumerable<ConvAlgorithm> For(ConvProblem problem, bool hasPlanes) =>
        All.Where(algorithm => algorithm.Supports(problem) && (!algorithm.ReadsPlanes || hasPlanes));

    /// <summary>The one that is usually fastest: Winograd's where its sums pay for its transforms, larger tiles where weights do not have to come from afar.</summary>
    public static ConvAlgorithm Usual(ConvProblem problem, bool hasPlanes)
    {
        var candidates = For(problem, hasPlanes).ToDictionary(algorithm => algorithm.Name);
        string wanted = hasPlanes && candidates.ContainsKey(DirectAlgorithm.Planes.Name) ? DirectAlgorithm.Planes.Name
            : Math.Min(problem.OutputHeight, problem.OutputWidth) * Math.Sqrt(problem.Batch) >= 28 ? "winograd4"
            : "winograd2";
        bool narrow = problem.GroupInputs < BlockedLayout.Block || problem.GroupOutputs < BlockedLayout.Block;
        return !narrow && candidates.TryGetValue(wanted, out var found) ? found : candidates.GetValueOrDefault(wanted == DirectAlgorithm.Planes.Name ? wanted : DirectAlgorithm.Blocked.Name, DirectAlgorithm.Blocked);
    }
}
