using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using ResNeSt.Kernels.Cpu;
using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Training;

namespace ResNeSt.Benchmarks;

/// <summary>Training steps (forward, backward, SGD with momentum) of resnest14 against PyTorch on the CPU: two processes that take turns in one run.</summary>
/// <remarks>PyTorch's interpreter is named by the argument <c>--python</c> or by RESNEST_BENCH_PYTHON; without one only this engine is measured.</remarks>
public static class TrainingTable
{
    private const string Model = "resnest14";
    private const int Classes = 1000;
    private const int WarmUp = 4;

    /// <summary>Measures and prints: training [threads] [steps] [--python FILE]; or serves steps: training serve SIZE BATCH THREADS.</summary>
    public static void Run(string[] args)
    {
        if (args is ["serve", var size, var batch, var threads])
        {
            Serve(Parse(size), Parse(batch), Parse(threads));
            return;
        }

        int flag = Array.IndexOf(args, "--python");
        string? python = flag >= 0 && flag + 1 < args.Length ? args[flag + 1] : Environment.GetEnvironmentVariable("RESNEST_BENCH_PYTHON");
        int[] numbers = [.. args[..(flag < 0 ? args.Length : flag)].Select(Parse)];
        Print(numbers.Length > 0 ? numbers[0] : Environment.ProcessorCount, numbers.Length > 1 ? numbers[1] : 15, python);
    }

    private static void Print(int threads, int steps, string? python)
    {
        double peak = CpuBackend.MeasurePeakFlops(threads) / 1e9;
        Console.WriteLine($"{Model}, {threads} thread(s), {steps} steps each, peak {peak:f0} GFLOP/s");
        foreach (var (size, batch) in new[] { (64, 8), (32, 32) })
        {
            double flops = StepFlops(size, batch);
            using var ours = new StepServer(
                Environment.ProcessPath!, [.. Host(), "training", "serve", Text(size), Text(batch), Text(threads)]);
            using var theirs = python is null ? null : new StepServer(python, Script(), "1,1,1,1", Text(size), Text(batch), Text(threads));
            var (own, other) = Measure(ours, theirs, steps);
            Report("this engine", own);
            if (other is not null)
            {
                Report("PyTorch " + theirs!.Greeting.Split(' ')[1], other);
                Console.WriteLine(
                    $"  ratio {own.Median / other.Median:f2} (median), {own.Best / other.Best:f2} (best), {own.MedianBusy / other.MedianBusy:f2} (processor time); "
                    + $"memory {(double)own.PeakMegabytes / other.PeakMegabytes:f2}");
            }

            void Report(string name, StepMeasurement m) => Console.WriteLine(
                $"{size}×{size}, batch {batch}: {name,-14} {m.Median,7:f1} ms (best {m.Best:f1}, processors {m.MedianBusy:f1}), {batch / m.Median * 1e3,5:f0} images/s, "
                + $"{flops / m.Median / 1e6,4:f0} GFLOP/s = {flops / m.Median / 1e4 / peak,3:f0} % of the peak, {m.PeakMegabytes} MB");
        }
    }

    /// <summary>Steps in turn, so that whatever else the machine does disturbs both alike.</summary>
    private static (StepMeasurement Ours, StepMeasurement? Theirs) Measure(StepServer ours, StepServer? theirs, int steps)
    {
        List<(double Elapsed, double Busy)> own = [], other = [];
        for (int step = -WarmUp; step < steps; step++)
        {
            var a = ours.Step();
            var b = theirs?.Step() ?? default;
            if (step < 0)
                continue;
            own.Add(a);
            other.Add(b);
        }

        return (Result(own, ours), theirs is null ? null : Result(other, theirs));

        static StepMeasurement Result(List<(double Elapsed, double Busy)> steps, StepServer server) =>
            new([.. steps.Select(step => step.Elapsed)], [.. steps.Select(step => step.Busy)], server.End());
    }

    /// <summary>One step for every line, until "end".</summary>
    private static void Serve(int size, int batch, int threads)
    {
        DefaultBackends.Use();
        EngineSettings.Threads = threads;
        using var net = ModelZoo.Find(Model).Create(null);
        net.Materialize(Device.Cpu, DType.F32, new Generator(1));
        using var optimizer = new Sgd(net.NamedParameters().Select(entry => entry.Parameter), 0.01, momentum: 0.9);
        var generator = new Generator(2);
        float[] pixels = [.. Enumerable.Range(0, batch * 3 * size * size).Select(_ => (float)(2 * generator.NextUniform() - 1))];
        long[] labels = [.. Enumerable.Range(0, batch).Select(_ => (long)generator.NextInt(Classes))];
        Console.WriteLine($"ready {Environment.Version} {net.NamedParameters().Sum(entry => (long)entry.Parameter.Shape.ElementCount)}");
        while (Console.ReadLine() is { } line && line != "end")
        {
            long start = Stopwatch.GetTimestamp();
            var busy = Environment.CpuUsage.TotalTime;
            using (new TensorScope())
            {
                var x = Tensor.FromArray(pixels, [batch, 3, size, size]);
                net.Forward(x).CrossEntropy(Tensor.FromArray(labels, [batch])).Backward();
                optimizer.Step();
                optimizer.ClearGrads();
            }

            double elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds, spent = (Environment.CpuUsage.TotalTime - busy).TotalMilliseconds;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{elapsed} {spent}"));
        }

        Console.WriteLine(Process.GetCurrentProcess().PeakWorkingSet64 >> 20);
    }

    /// <summary>FLOPs of a step: those of the convolutions and linear layers, once forward and for both gradients (the first layer has one).</summary>
    private static double StepFlops(int size, int batch)
    {
        DefaultBackends.Use();
        double forward = 0, first = 0;
        using var net = ModelZoo.Find(Model).Create(null);
        using var scope = new TensorScope();
        using var off = GradMode.Off();
        using var observer = OpObserver.Observe((op, inputs, _) =>
        {
            if (op is not (Conv2dOp or LinearOp))
                return;
            double flops = op.Cost(inputs).Flops;
            first = first == 0 ? flops : first;
            forward += flops;
        });
        net.Forward(Tensor.Zeros([batch, 3, size, size], DType.F32, Device.Meta));
        return 3 * forward - first;
    }

    /// <summary>Where this program runs under <c>dotnet</c>, its own file is the first argument.</summary>
    private static string[] Host() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet" ? [typeof(TrainingTable).Assembly.Location] : [];

    private static string Script([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "train_step.py");

    private static int Parse(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
