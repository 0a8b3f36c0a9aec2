namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Unit-stride 3×3 convolutions around the edges of Winograd's tiles, panels and chunks.</summary>
internal static class WinogradCases
{
    // F(4×4) amplifies rounding errors a few times; measured: docs/numerics.md.
    private const double Factor = 2;

    private static readonly ConvEpilogue PooledRelu = new(ActivationKind.Relu, false, 2);

    /// <summary>Both sizes of tiles, and rows.</summary>
    public static IReadOnlyList<ConvAlgorithm> Algorithms { get; } = [WinogradAlgorithms.Two, WinogradAlgorithms.Four, WinogradRowAlgorithm.Instance];

    /// <summary>Small images of every extent, with every padding, and in batches.</summary>
    public static IEnumerable<ConvProblem> Extents()
    {
        for (int height = 1; height <= 9; height++)
        {
            for (int width = 1; width <= 9; width++)
                yield return ConvAlgorithmCases.Conv(1, 16, 32, height, width, 3, padding: 1, epilogue: PooledRelu);
        }

        foreach (int padding in (int[])[0, 1, 2, -1])
            yield return ConvAlgorithmCases.Conv(2, 20, 24, 13, 17, 3, padding: padding, epilogue: new(ActivationKind.Relu6, false, 1));
        yield return Padded(new ConvGeometry(1, 1, 0, 1, 2, 0, 1, 1, 1), 6, 32);
        yield return Padded(new ConvGeometry(1, 1, 2, 0, 0, 1, 1, 1, 1), 5, 3);
        yield return Padded(new ConvGeometry(1, 1, -1, 1, 3, -2, 1, 1, 1), 11, 14);
        for (int batch = 2; batch <= 5; batch++)
        {
            yield return ConvAlgorithmCases.Conv(batch, 32, 32, 7, 7, 3, padding: 1, epilogue: new(ActivationKind.None, true, 1));
            yield return ConvAlgorithmCases.Conv(batch, 16, 48, 14, 14, 3, padding: 1, epilogue: new(ActivationKind.Silu, true, 1));
        }

        // Pictures that do not divide evenly among chunks, and rows of tiles longer than a chunk.
        yield return ConvAlgorithmCases.Conv(19, 16, 16, 3, 3, 3, padding: 1, epilogue: PooledRelu);
        yield return ConvAlgorithmCases.Conv(1, 16, 32, 6, 321, 3, padding: 1, epilogue: new(ActivationKind.Relu, true, 1));
        yield return ConvAlgorithmCases.Conv(1, 16, 16, 230, 5, 3, padding: 1, epilogue: PooledRelu);
        yield return ConvAlgorithmCases.Conv(1, 32, 32, 32, 32, 3, padding: 1, epilogue: PooledRelu);
    }

    /// <summary>Channels that do not fill their blocks, groups that do not begin with one, and other types of weights.</summary>
    public static IEnumerable<ConvProblem> Channels()
    {
        foreach (var (inputs, outputs) in ((int, int)[])[(3, 8), (17, 16), (33, 49), (16, 100), (100, 16), (8, 1)])
            yield return ConvAlgorithmCases.Conv(1, inputs, outputs, 6, 11, 3, padding: 1, epilogue: new(ActivationKind.Relu, true, 1));
        foreach (var (width, groups) in ((int, int)[])[(16, 2), (32, 3), (48, 2), (64, 2), (24, 4), (40, 4), (12, 2), (20, 3), (8, 2), (56, 2)])
            yield return ConvAlgorithmCases.Conv(2, width * groups, width * groups, 5, 9, 3, padding: 1, groups: groups, epilogue: new(ActivationKind.Relu, true, 1));
        foreach (var (inputs, outputs, groups) in ((int, int, int)[])[(80, 320, 8), (64, 128, 2), (160, 640, 8), (96, 48, 2)])
            yield return ConvAlgorithmCases.Conv(1, inputs, outputs, 8, 7, 3, padding: 1, groups: groups, epilogue: PooledRelu);
        foreach (var type in (DType[])[DType.F16, DType.BF16])
        {
            yield return ConvAlgorithmCases.Conv(2, 32, 64, 14, 14, 3, padding: 1, groups: 2, epilogue: PooledRelu, weights: type);
            yield return ConvAlgorithmCases.Conv(1, 24, 40, 7, 9, 3, padding: 1, epilogue: new(ActivationKind.Silu, true, 1), weights: type);
        }
    }

    /// <summary>One line for each failure of each algorithm.</summary>
    public static string[] Check() =>
        [.. Algorithms.SelectMany(algorithm => ConvAlgorithmCases.Failures(algorithm, [.. Extents(), .. Channels()], Factor))];

    /// <summary>Null or what is wrong.</summary>
    public static string? Check(ConvAlgorithm algorithm, ConvProblem problem) => ConvAlgorithmCases.Check(algorithm, problem, Factor);

    private static ConvProblem Padded(ConvGeometry geometry, int height, int width) =>
        new(1, 16, 16, height, width, geometry.OutputHeight(height, 3), geometry.OutputWidth(width, 3), 3, 3, geometry, default, new(ActivationKind.Relu, true, 1), DType.F32);
}
