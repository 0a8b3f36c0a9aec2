namespace ResNeSt.Kernels.Cpu;

/// <summary>The algorithms for convolutions, and which one to take where nothing was measured.</summary>
internal static class ConvAlgorithms
{
    // Fewer pixels do not pay for the larger weights of Winograd's tiles, which come from memory for each of them: 7×7 does not, 14×14 does.
    private const int LeastPixels = 128;

    // Those of F(2, 3) along rows are a third larger than the taps: 7×7 pays for them.
    private const int LeastRowPixels = 32;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ConvAlgorithm> All { get; } =
        [DirectAlgorithm.Blocked, DirectAlgorithm.Planes, WinogradAlgorithms.Two, WinogradAlgorithms.Four, WinogradRowAlgorithm.Instance];

    /// <summary>Those that can compute a problem.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="hasPlanes">Whether the input comes as dense planes.</param>
    public static IEnumerable<ConvAlgorithm> For(ConvProblem problem, bool hasPlanes) =>
        All.Where(algorithm => algorithm.Supports(problem) && (!algorithm.ReadsPlanes || hasPlanes));

    /// <summary>The one that is usually fastest: planes as they come, else Winograd's where its sums pay for its transforms, with large tiles where weights
    /// do not have to come from afar for a few pixels.</summary>
    public static ConvAlgorithm Usual(ConvProblem problem, bool hasPlanes)
    {
        var candidates = For(problem, hasPlanes).ToArray();
        if (candidates.Contains(DirectAlgorithm.Planes))
            return DirectAlgorithm.Planes;
        bool narrow = problem.GroupInputs < BlockedLayout.Block / 2 || problem.GroupOutputs < BlockedLayout.Block;
        long pixels = (long)problem.Batch * problem.OutputHeight * problem.OutputWidth;
        var wanted = pixels >= 28 * 28 ? WinogradAlgorithms.Four : WinogradAlgorithms.Two;
        if (pixels < LeastPixels)
            return pixels >= LeastRowPixels && candidates.Contains(WinogradRowAlgorithm.Instance) ? WinogradRowAlgorithm.Instance : DirectAlgorithm.Blocked;
        return !narrow && candidates.Contains(wanted) ? wanted : DirectAlgorithm.Blocked;
    }
}
