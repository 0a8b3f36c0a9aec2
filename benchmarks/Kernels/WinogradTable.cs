using System.Diagnostics;
using ResNeSt.Kernels.Cpu;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Benchmarks;

/// <summary>The unit-stride 3×3 convolutions of resnest50 on blocked activations: directly and by Winograd's algorithm, in turn in one run.</summary>
/// <remarks>Effective GFLOP/s count the operations of the direct sum, real ones those that are done; the share is of the machine's peak.</remarks>
public static class WinogradTable
{
    private static readonly (int Inputs, int Outputs, int Size, int Groups)[] Layers =
    [
        (32, 32, 112, 1), (32, 64, 112, 1), (64, 128, 56, 2), (128, 256, 56, 2), (128, 256, 28, 2), (256, 512, 28, 2), (256, 512, 14, 2), (512, 1024, 14, 2), (512, 1024, 7, 2),
    ];

    /// <summary>Measures and prints.</summary>
    /// <param name="batch">Images.</param>
    /// <param name="threads">Threads.</param>
    public static void Print(int batch, int threads)
    {
        CpuBackend.Register();
        double peak = CpuBackend.MeasurePeakFlops(threads) / 1e9;
        Console.WriteLine($"3×3 layers of resnest50, batch {batch}, {threads} thread(s), peak {peak:f0} GFLOP/s: best (median) of interleaved runs");
        foreach (var (inputs, outputs, size, groups) in Layers)
        {
            using var scope = new TensorScope();
            var geometry = ConvGeometry.Of(padding: 1, groups: groups);
            var problem = new ConvProblem(
                batch, inputs, outputs, size, size, size, size, 3, 3, geometry, default, new ConvEpilogue(ActivationKind.Relu, false, groups == 2 ? 2 : 0), DType.F32);
            var weight = new GraphConstant(Tensor.Full(0.01, [outputs, inputs / groups, 3, 3]));
            var bias = new GraphConstant(Tensor.Zeros([outputs]));
            ConvAlgorithm[] algorithms = [DirectAlgorithm.Blocked, WinogradRowAlgorithm.Instance, WinogradAlgorithms.Two, WinogradAlgorithms.Four];
            var trials = algorithms.Select(algorithm => new ConvTrial(algorithm, problem, weight, bias)).ToArray();
            var seconds = Measure(trials, threads);
            Console.Write($"{inputs,4} → {outputs,4} @{size,-3} g{groups}");
            for (int i = 0; i < algorithms.Length; i++)
            {
                double best = seconds[i][0], median = seconds[i][seconds[i].Count / 2];
                double real = RealFlops(algorithms[i], problem) / best / 1e9;
                Console.Write($" | {algorithms[i].Name} {best * 1e3:f3} ms {problem.Flops / best / 1e9:f0} ({problem.Flops / median / 1e9:f0}) GFLOP/s, real {real:f0} = {100 * real / peak:f0} %");
                trials[i].Dispose();
            }

            Console.WriteLine();
        }
    }

    private static List<double>[] Measure(ConvTrial[] trials, int threads)
    {
        var seconds = trials.Select(_ => new List<double>()).ToArray();
        long start = Stopwatch.GetTimestamp();
        while (seconds[0].Count < 5 || (seconds[0].Count < 300 && Stopwatch.GetElapsedTime(start).TotalSeconds < 1))
        {
            for (int i = 0; i < trials.Length; i++)
            {
                long before = Stopwatch.GetTimestamp();
                trials[i].Run(threads);
                seconds[i].Add(Stopwatch.GetElapsedTime(before).TotalSeconds);
            }
        }

        foreach (var times in seconds)
            times.Sort();
        return seconds;
    }

    private static double RealFlops(ConvAlgorithm algorithm, ConvProblem problem)
    {
        if (algorithm == WinogradRowAlgorithm.Instance)
            return problem.Flops * (double)WinogradRows.Positions * WinogradRows.Tiles(problem.OutputWidth) / (3.0 * problem.OutputWidth);
        int outputs = algorithm == WinogradAlgorithms.Two ? 2 : algorithm == WinogradAlgorithms.Four ? 4 : 0;
        if (outputs == 0)
            return problem.Flops;
        var plan = new WinogradPlan(problem, outputs);
        return 2.0 * plan.WeightLength * plan.TileRows * plan.TileColumns * problem.Batch;
    }
}
