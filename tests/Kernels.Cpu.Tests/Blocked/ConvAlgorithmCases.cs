namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Runs an algorithm for fused convolutions on real layers and odd shapes between guard zones and compares it with the double reference.</summary>
internal static class ConvAlgorithmCases
{
    /// <summary>Shapes at the edges: every width of tiles, partly filled blocks, odd groups, strides, dilations, prologues and epilogues.</summary>
    public static IEnumerable<ConvProblem> Edges()
    {
        for (int width = 1; width <= 16; width++)
            yield return Conv(1, 20, 40, 3, width, 3, padding: 1, epilogue: new(ActivationKind.Relu, true, 2));
        for (int width = 1; width <= 16; width++)
            yield return Conv(2, 20 * width, 16 * (17 - width), 5, width, 1, epilogue: new(ActivationKind.Relu, true, width % 3 == 0 ? 1 : 0));
        foreach (int blocks in (int[])[1, 2, 3, 4, 5, 7])
            yield return Conv(1, 3200, 16 * blocks, 5, 6, 1, epilogue: new(ActivationKind.Relu6, blocks % 2 == 0, 0));
        yield return Conv(1, 600, 120, 9, 11, 1, groups: 2, epilogue: new(ActivationKind.Silu, true, 1));
        // Even and odd numbers of inputs, which begin in the midst of a block: tiles of four vectors take two inputs at a time.
        yield return Conv(1, 37, 64, 6, 14, 1, epilogue: new(ActivationKind.Relu, true, 1));
        yield return Conv(2, 48, 256, 6, 10, 1, groups: 2, epilogue: new(ActivationKind.Relu, true, 1));
        yield return Conv(1, 74, 128, 6, 14, 1, groups: 2);
        yield return Conv(2, 16, 32, 5, 29, 1, epilogue: new(ActivationKind.None, false, 0));
        yield return Conv(3, 48, 64, 7, 7, 1, epilogue: new(ActivationKind.Relu, true, 1));
        yield return Conv(2, 35, 7, 6, 9, 3, padding: 1, epilogue: new(ActivationKind.Silu, true, 1));
        yield return Conv(1, 3, 17, 11, 13, 3, stride: 2, padding: 1, epilogue: new(ActivationKind.Relu6, false, 0));
        yield return Conv(1, 33, 16, 9, 9, 3, stride: 2, padding: 1);
        yield return Conv(1, 32, 48, 10, 31, 1, stride: 2);
        yield return Conv(1, 16, 16, 13, 12, 3, stride: 3, padding: 1);
        yield return Conv(1, 16, 32, 12, 12, 3, padding: 2, dilation: 2, epilogue: new(ActivationKind.Relu, false, 2));
        yield return Conv(1, 16, 32, 15, 8, 5, stride: 2, padding: 3, dilation: 2);
        yield return Conv(1, 32, 32, 9, 9, 3, padding: 0);
        yield return Conv(1, 32, 32, 9, 9, 1, padding: 1);
        yield return Conv(1, 16, 32, 8, 8, 3, padding: -1);
        yield return Conv(2, 32, 64, 6, 15, 3, padding: 1, groups: 2, epilogue: new(ActivationKind.Relu, false, 2));
        foreach (int width in (int[])[1, 2, 4, 8, 3, 5, 12, 20, 24, 40])
            yield return Conv(2, 4 * width, 4 * width, 7, 10, 3, padding: 1, groups: 4, epilogue: new(ActivationKind.Relu, true, 1));
        // Panels of three blocks and what is left of a group beside them.
        foreach (int blocks in (int[])[4, 5, 7, 8])
            yield return Conv(2, 32, 32 * blocks, 9, 10, 3, padding: 1, groups: 2, epilogue: new(ActivationKind.Relu, blocks % 2 == 0, 1));
        yield return Conv(1, 40, 160, 6, 6, 3, padding: 1, groups: 4, epilogue: new(ActivationKind.Relu, false, 4));
        yield return Conv(1, 80, 320, 5, 7, 3, stride: 2, padding: 1, groups: 8, epilogue: new(ActivationKind.Silu, false, 4));
        yield return Conv(1, 6, 18, 5, 7, 3, padding: 1, groups: 6);
        yield return Conv(1, 70, 70, 9, 15, 3, stride: 2, padding: 1, groups: 70, epilogue: new(ActivationKind.Relu6, false, 0));
        yield return Conv(2, 32, 32, 12, 17, 5, padding: 2, groups: 32, epilogue: new(ActivationKind.Relu6, true, 1));
        yield return Conv(1, 64, 64, 9, 9, 3, stride: 2, padding: 1, groups: 16, dilation: 2, epilogue: new(ActivationKind.None, false, 0));
        yield return Conv(2, 32, 64, 7, 7, 1, prologue: new(2, null), epilogue: new(ActivationKind.Relu, true, 0));
        yield return Conv(1, 24, 64, 7, 7, 1, prologue: new(1, null));
        yield return Conv(1, 24, 40, 5, 6, 1, prologue: new(3, null));
        yield return Conv(1, 16, 32, 9, 10, 3, padding: 1, prologue: new(4, null));
        yield return Conv(2, 32, 64, 14, 14, 1, prologue: new(2, new AvgPool2dOp(PoolGeometry.Of(3, 2, 1), true, 0)), epilogue: new(ActivationKind.Relu, true, 0));
        yield return Conv(1, 20, 64, 14, 15, 1, prologue: new(0, new AvgPool2dOp(PoolGeometry.Of(2, 2, ceilMode: true), false, 0)), epilogue: default);
        yield return Conv(1, 20, 32, 9, 9, 3, padding: 1, prologue: new(2, new AvgPool2dOp(PoolGeometry.Of(3, 2, 1), false, 0)));
        yield return Conv(5, 2048, 37, 1, 1, 1, epilogue: default);
        yield return Conv(1, 32, 64, 14, 14, 3, padding: 1, groups: 2, weights: DType.F16);
        yield return Conv(2, 48, 80, 7, 7, 1, weights: DType.BF16, epilogue: new(ActivationKind.Relu, true, 0));
        yield return Conv(2, 32, 32, 9, 7, 3, padding: 1, groups: 8, weights: DType.BF16);
    }

    /// <summary>Layers of the zoo, of the later stages: the first ones differ in nothing but their extents.</summary>
    public static IEnumerable<ConvProblem> Layers()
    {
        yield return Conv(1, 3, 32, 64, 64, 3, stride: 2, padding: 1);
        yield return Conv(1, 3, 64, 64, 64, 7, stride: 2, padding: 3);
        yield return Conv(1, 32, 64, 56, 56, 3, padding: 1);
        yield return Conv(1, 64, 128, 28, 56, 3, padding: 1, groups: 2, epilogue: new(ActivationKind.Relu, false, 2));
        yield return Conv(1, 128, 256, 28, 28, 3, padding: 1, groups: 2, epilogue: new(ActivationKind.Relu, false, 2));
        yield return Conv(1, 256, 512, 14, 14, 3, padding: 1, groups: 2, epilogue: new(ActivationKind.Relu, false, 2));
        yield return Conv(1, 512, 1024, 7, 7, 3, padding: 1, groups: 2, epilogue: new(ActivationKind.Relu, false, 2));
        yield return Conv(1, 512, 2048, 7, 7, 1, prologue: new(2, null), epilogue: new(ActivationKind.Relu, true, 0));
        yield return Conv(1, 256, 1024, 28, 28, 1, prologue: new(2, new AvgPool2dOp(PoolGeometry.Of(3, 2, 1), true, 0)), epilogue: new(ActivationKind.Relu, true, 0));
        yield return Conv(1, 2048, 512, 7, 7, 1);
        yield return Conv(1, 80, 320, 28, 28, 3, padding: 1, groups: 8, epilogue: new(ActivationKind.Relu, false, 4));
        yield return Conv(1, 96, 96, 28, 28, 3, padding: 1, groups: 4);
        yield return Conv(1, 128, 128, 28, 28, 3, padding: 1, groups: 32);
    }

    /// <summary>A problem; the input extents are those before the prologue.</summary>
    public static ConvProblem Conv(int batch, int inputs, int outputs, int height, int width, int kernel, int stride = 1, int padding = 0,
        int dilation = 1, int groups = 1, ConvPrologue prologue = default, ConvEpilogue? epilogue = null, DType weights = DType.F32)
    {
        var geometry = ConvGeometry.Of(stride, padding, dilation, groups);
        if (prologue.Pool is { } pool)
            (height, width) = (pool.Geometry.OutputHeight(height), pool.Geometry.OutputWidth(width));
        return new ConvProblem(batch, inputs, outputs, height, width, geometry.OutputHeight(height, kernel), geometry.OutputWidth(width, kernel),
            kernel, kernel, geometry, prologue, epilogue ?? new(ActivationKind.Relu, false, 0), weights);
    }

    /// <summary>Null if the algorithm computes the problem, with equal bits for any order and number of threads, writes its borders and nothing else; else one line.</summary>
    /// <param name="algorithm">What is tested.</param>
    /// <param name="problem">What it computes.</param>
    /// <param name="factor">How much more than a plain sum's rounding errors is allowed.</param>
    public static string? Check(ConvAlgorithm algorithm, ConvProblem problem, double factor = 1)
    {
        var run = new ConvRun(problem);
        var (output, sums) = run.Compute(algorithm, threads: 1, inPlace: false);
        var tolerance = Tolerance.For(DType.F32, problem.GroupInputs * problem.KernelH * problem.KernelW) * factor;
        var (expected, expectedSums) = run.Reference();
        string? difference = Comparison.Difference(expected, output, tolerance);
        if (difference is null && sums is not null)
            difference = Comparison.Difference(expectedSums!, sums, tolerance) is { } line ? "means: " + line : null;
        foreach (int threads in (int[])[2, 3])
        {
            var (again, sumsAgain) = run.Compute(algorithm, threads, inPlace: problem.Epilogue.Residual);
            difference ??= Comparison.BitDifference(output, again) is { } line ? $"{threads} threads: " + line : null;
            if (sums is not null)
                difference ??= Comparison.BitDifference(sums, sumsAgain!) is { } sumsLine ? $"{threads} threads, means: " + sumsLine : null;
        }

        var (surrounded, _) = run.Compute(algorithm, threads: 1, inPlace: false, surrounded: true);
        difference ??= Comparison.Difference(expected, surrounded, tolerance) is { } other ? "zeros around: " + other : null;
        return difference is null ? null : $"{algorithm.Name} {problem}: {difference}";
    }

    /// <summary>Every line of <see cref="Check"/> for problems that the algorithm supports.</summary>
    public static string[] Failures(ConvAlgorithm algorithm, IEnumerable<ConvProblem> problems, double factor = 1) =>
        [.. problems.Where(algorithm.Supports).Select(problem => Check(algorithm, problem, factor)).OfType<string>()];
}
