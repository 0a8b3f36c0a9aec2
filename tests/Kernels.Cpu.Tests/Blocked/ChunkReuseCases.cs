using System.Runtime.InteropServices;

namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Convolutions of several pictures and several pieces of panels: what a chunk takes over from the one that ran before it on its thread.</summary>
internal static unsafe class ChunkReuseCases
{
    private static readonly ConvEpilogue Pooled = new(ActivationKind.Relu, false, 2);
    private static readonly ConvEpilogue Added = new(ActivationKind.Relu, true, 1);
    private static readonly ConvPrologue Half = new(0, new AvgPool2dOp(PoolGeometry.Of(2, 2), false, 0));
    private static readonly ConvPrologue WeightedHalf = new(2, new AvgPool2dOp(PoolGeometry.Of(3, 2, 1), true, 0));

    /// <summary>Algorithm, problem and whether some chunks take over what others prepared.</summary>
    public static IEnumerable<(ConvAlgorithm Algorithm, ConvProblem Problem, bool Reuses)> All()
    {
        // An area of tiles for each picture; several pictures in one; several in one picture; groups that see different channels.
        yield return (WinogradAlgorithms.Four, ConvAlgorithmCases.Conv(3, 16, 64, 24, 24, 3, padding: 1, epilogue: Added), true);
        yield return (WinogradAlgorithms.Four, ConvAlgorithmCases.Conv(7, 16, 64, 11, 13, 3, padding: 1, epilogue: new(ActivationKind.Silu, false, 1)), true);
        yield return (WinogradAlgorithms.Four, ConvAlgorithmCases.Conv(2, 16, 256, 29, 32, 3, padding: 1, epilogue: Pooled), true);
        yield return (WinogradAlgorithms.Four, ConvAlgorithmCases.Conv(2, 160, 256, 7, 9, 3, padding: 1, groups: 2, epilogue: Pooled), true);
        yield return (WinogradAlgorithms.Four, ConvAlgorithmCases.Conv(3, 24, 64, 21, 22, 3, padding: 1, weights: DType.BF16), true);
        yield return (WinogradAlgorithms.Two, ConvAlgorithmCases.Conv(3, 16, 64, 14, 14, 3, padding: 1, epilogue: Added), true);
        yield return (WinogradAlgorithms.Two, ConvAlgorithmCases.Conv(2, 160, 256, 5, 7, 3, padding: 1, groups: 2, epilogue: Pooled), true);
        yield return (WinogradAlgorithms.Two, ConvAlgorithmCases.Conv(3, 20, 72, 13, 14, 3, padding: 1, weights: DType.F16), true);
        yield return (WinogradRowAlgorithm.Instance, ConvAlgorithmCases.Conv(2, 32, 512, 7, 7, 3, padding: 1, epilogue: Added), true);
        yield return (WinogradRowAlgorithm.Instance, ConvAlgorithmCases.Conv(3, 64, 1024, 4, 5, 3, padding: 1, groups: 2, epilogue: Pooled), true);
        yield return (DirectAlgorithm.Blocked, ConvAlgorithmCases.Conv(2, 512, 256, 14, 14, 1, prologue: new(2, null), epilogue: Added), true);
        yield return (DirectAlgorithm.Blocked, ConvAlgorithmCases.Conv(2, 128, 512, 3, 56, 1, prologue: new(2, null), epilogue: new(ActivationKind.Silu, true, 0)), true);
        yield return (DirectAlgorithm.Blocked, ConvAlgorithmCases.Conv(3, 448, 512, 28, 28, 1, prologue: Half), true);
        yield return (DirectAlgorithm.Blocked, ConvAlgorithmCases.Conv(2, 448, 512, 27, 28, 1, prologue: WeightedHalf, epilogue: Pooled), true);
        yield return (DirectAlgorithm.Blocked, ConvAlgorithmCases.Conv(2, 320, 128, 18, 20, 3, padding: 1, prologue: new(3, null), weights: DType.F16), true);
        yield return (DirectAlgorithm.Planes, ConvAlgorithmCases.Conv(2, 4, 64, 42, 42, 7, padding: 3, epilogue: Added), true);
        // Those that read their input as it lies, prepare it for themselves, or have a chunk for all channels.
        yield return (DirectAlgorithm.Blocked, ConvAlgorithmCases.Conv(2, 256, 512, 14, 14, 1, epilogue: Added), false);
        yield return (DirectAlgorithm.Blocked, ConvAlgorithmCases.Conv(2, 64, 128, 14, 14, 3, padding: 1, groups: 2, epilogue: Pooled), false);
        yield return (DirectAlgorithm.Blocked, ConvAlgorithmCases.Conv(3, 80, 80, 28, 28, 3, padding: 1, groups: 4, epilogue: Added), false);
        yield return (DirectAlgorithm.Blocked, ConvAlgorithmCases.Conv(2, 64, 64, 60, 60, 3, padding: 1, groups: 64, epilogue: Added), false);
        yield return (DirectAlgorithm.Blocked, ConvAlgorithmCases.Conv(2, 64, 64, 28, 28, 3, padding: 1, groups: 16, epilogue: Pooled, weights: DType.BF16), false);
    }

    /// <summary>Every line of <see cref="Check"/>.</summary>
    public static string[] Failures() => [.. All().Select(test => Check(test.Algorithm, test.Problem, test.Reuses)).OfType<string>()];

    /// <summary>Null if each chunk writes the same bits behind every other one as alone, and takes over what others prepared if it is expected to; else one line.</summary>
    public static string? Check(ConvAlgorithm algorithm, ConvProblem problem, bool reuses)
    {
        using var check = EngineSettings.WithCheckBounds(true);
        using var setting = new ConvRun(problem).Set(algorithm, inPlace: problem.Epilogue.Residual);
        string name = $"{algorithm.Name} {problem}";
        int chunks = setting.Packed.Chunks, reused = 0;
        if (chunks < 4)
            return $"{name}: {chunks} chunks are too few for this test";
        var input = new Span<float>(setting.Memory.Input, (int)(algorithm.ReadsPlanes ? PlaneCount(problem) : setting.Memory.InputLayout.ByteLength / sizeof(float)));
        float[] values = input.ToArray(), first = problem.Epilogue.Residual ? setting.Output.ToArray() : Nans(setting.Output.Length);
        var alone = new (float[] Output, float[] Sums)[chunks];
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            Run(setting, first, chunk, -1);
            alone[chunk] = (setting.Output.ToArray(), setting.Sums.ToArray());
        }

        for (int a = 0; a < chunks; a++)
        {
            for (int b = 0; b < chunks; b++)
            {
                Run(setting, first, a, -1);
                Run(setting, first, b, a);
                if (!IsAs(alone[b], setting))
                    return $"{name}: chunk {b} behind {a} differs from chunk {b} alone";
                // What it took over must still be there for the next one.
                Run(setting, first, a, b);
                if (!IsAs(alone[a], setting))
                    return $"{name}: chunk {a} behind {b} behind {a} differs from chunk {a} alone";
                // Now the input is gone: only what was taken over can give the right result.
                input.Fill(float.NaN);
                Run(setting, first, b, a);
                if (IsAs(alone[b], setting))
                    reused++;
                values.CopyTo(input);
            }
        }

        return reused > 0 == reuses && reused < chunks * chunks ? null : $"{name}: {reused} of {chunks * chunks} pairs of chunks share what they prepare";
    }

    private static long PlaneCount(ConvProblem problem) => (long)problem.Batch * problem.InputChannels * problem.InputHeight * problem.InputWidth;

    private static void Run(ConvSetting setting, float[] output, int chunk, int before)
    {
        output.CopyTo(setting.Output);
        setting.Sums.Fill(float.NaN);
        setting.Packed.RunChunk(chunk, before, setting.Memory);
    }

    private static bool IsAs((float[] Output, float[] Sums) expected, ConvSetting setting) =>
        Bits(setting.Output).SequenceEqual(Bits(expected.Output)) && Bits(setting.Sums).SequenceEqual(Bits(expected.Sums));

    private static ReadOnlySpan<int> Bits(ReadOnlySpan<float> values) => MemoryMarshal.Cast<float, int>(values);

    private static float[] Nans(int count)
    {
        var values = new float[count];
        Array.Fill(values, float.NaN);
        return values;
    }
}
