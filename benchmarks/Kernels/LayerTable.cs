using System.Diagnostics;
using ResNeSt.Conformance;
using ResNeSt.Kernels.Cpu;
using ResNeSt.Tensors;

namespace ResNeSt.Benchmarks;

/// <summary>A quick table of every convolution of resnest50: time, GFLOP/s and share of the machine's peak, forward and both gradients.</summary>
public static class LayerTable
{
    /// <summary>Measures and prints.</summary>
    /// <param name="batch">Images.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="gradients">Measure the gradients too.</param>
    public static void Print(int batch, int threads, bool gradients)
    {
        CpuBackend.Register();
        EngineSettings.Threads = threads;
        double peak = CpuBackend.MeasurePeakFlops(threads) / 1e9;
        Console.WriteLine($"resnest50 224×224, batch {batch}, {threads} thread(s), peak {peak:f0} GFLOP/s");
        double total = 0, flops = 0;
        foreach (var (layer, count) in LayerShapes.ResNeSt50(batch))
        {
            var (seconds, work) = Measure(layer);
            total += count * seconds;
            flops += count * work;
            string line = $"{count} × {layer.Name,-28} {seconds * 1e3,9:f3} ms {work / seconds / 1e9,7:f1} GFLOP/s {work / seconds / 1e7 / peak,4:f0} %";
            if (gradients)
            {
                var (op, x, w) = ((Conv2dOp)layer.Op, layer.Inputs[0], layer.Inputs[1]);
                OpInput dy = new(op.Infer(layer.Specs(DType.F32))[0].Shape);
                (seconds, work) = Measure(new OpCase(layer.Name, new Conv2dInputGradOp(op.Geometry, x.Shape[2], x.Shape[3]), dy, w));
                line += $"   input {seconds * 1e3,9:f3} ms {work / seconds / 1e9,7:f1} GFLOP/s";
                (seconds, work) = Measure(new OpCase(layer.Name, new Conv2dWeightGradOp(op.Geometry, w.Shape[2], w.Shape[3]), x, dy));
                line += $"   weight {seconds * 1e3,9:f3} ms {work / seconds / 1e9,7:f1} GFLOP/s";
            }

            Console.WriteLine(line);
        }

        Console.WriteLine($"all {total * 1e3:f1} ms, {flops / 1e9:f2} GFLOP, {flops / total / 1e9:f1} GFLOP/s");
    }

    /// <summary>The best time of several runs, and the operator's FLOPs.</summary>
    private static (double Seconds, double Flops) Measure(OpCase layer)
    {
        using var off = GradMode.Off();
        using var scope = new TensorScope();
        var specs = layer.Specs(DType.F32);
        var inputs = new Tensor[specs.Length];
        for (int i = 0; i < inputs.Length; i++)
            inputs[i] = Tensor.FromDoubles(layer.Inputs[i].Generate((ulong)i), specs[i]);
        double best = double.PositiveInfinity, spent = 0;
        for (int run = 0; run < 5 || (spent < 0.4 && run < 200); run++)
        {
            using var inner = new TensorScope();
            long start = Stopwatch.GetTimestamp();
            OpDispatcher.Run(layer.Op, inputs);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            best = Math.Min(best, seconds);
            spent += seconds;
        }

        return (best, layer.Op.Cost(specs).Flops);
    }
}
