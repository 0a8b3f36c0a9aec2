using System.Globalization;
using System.Runtime.InteropServices;
using ResNeSt.Inference;
using ResNeSt.Models;
using ResNeSt.Tensors;

namespace ResNeSt.Peers;

/// <summary>The measurements themselves.</summary>
internal sealed class PeerComparison(PeerFiles files, string library, int rounds, TextWriter log)
{
    private const int RunsPerRound = 4;
    private const int StartsPerSide = 5;
    private const double MostDifference = 1e-4;
    private static readonly Dictionary<string, string> Plain = [];

    // What spins after a run has stopped by then, and does not take the other contender's processor.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Times of both, a few runs of the one and a few of the other, so that whatever else the machine does meets both.</summary>
    public PeerResult Times(PeerRow row, int threads, bool avx2Only = false)
    {
        string input = files.Input(row);
        using var ours = ContenderProcess.Start(avx2Only ? new Dictionary<string, string> { ["DOTNET_EnableAVX512"] = "0" } : Plain,
            "ours", row.Model, Text(row.Size), Text(row.Batch), Text(threads), files.Weights(row.Model, WeightDraw.Golden), input);
        using var theirs = ContenderProcess.Start(Plain,
            "theirs", row.Model, Text(row.Size), Text(row.Batch), Text(threads), files.Onnx(row, WeightDraw.Golden), input, library);
        // Code is compiled again while it warms up.
        ours.Run(row.Batch == 1 ? 30 : 8);
        theirs.Run(3);
        List<double> ourTimes = [], theirTimes = [], ratios = [], processorRatios = [];
        for (int round = 0; round < rounds; round++)
        {
            var (a, b) = (Block(ours), Block(theirs));
            ourTimes.AddRange(a.Select(time => time.Clock));
            theirTimes.AddRange(b.Select(time => time.Clock));
            ratios.Add(Statistics.Of(a.Select(time => time.Clock)).Median / Statistics.Of(b.Select(time => time.Clock)).Median);
            processorRatios.Add(Statistics.Of(a.Select(time => time.Processor)).Median / Statistics.Of(b.Select(time => time.Processor)).Median);
        }

        const int allocationRuns = 10;
        var result = new PeerResult(row, threads, avx2Only ? "AVX2" : "", Statistics.Of(ourTimes), Statistics.Of(theirTimes), Statistics.Of(ratios), Statistics.Of(processorRatios),
            (double)ours.Allocated(allocationRuns) / allocationRuns, Distance(ours.Output(), [.. theirs.Output().Select(value => (double)value)]));
        log.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{row.Name}, {threads} thread(s){(avx2Only ? ", AVX2 only" : "")}: ours {result.Ours.Median:f1} ms, theirs {result.Theirs.Median:f1} ms, ratio {result.Ratio.Median:f2} ({result.Ratio.Lower:f2} to {result.Ratio.Upper:f2}), by processor time {result.ProcessorRatio.Median:f2}, outputs differ by {result.Difference:0.0e-0}, {result.AllocatedPerRun:f0} bytes a run"));
        Require(result.Difference, row, "the two outputs differ");
        return result;
    }

    /// <summary>Process start to first result, one after the other in turns.</summary>
    public StartResult Starts(PeerRow row, int threads, string program)
    {
        List<(double Milliseconds, double Bytes)> ours = [], theirs = [];
        for (int i = 0; i < StartsPerSide; i++)
        {
            ours.Add(FirstResult.Ours(row, files, threads));
            theirs.Add(FirstResult.Theirs(row, files, program, library, threads));
        }

        var result = new StartResult(row, threads, Statistics.Of(ours.Select(one => one.Milliseconds)), Statistics.Of(theirs.Select(one => one.Milliseconds)),
            Statistics.Of(ours.Select(one => one.Bytes)).Median, Statistics.Of(theirs.Select(one => one.Bytes)).Median);
        log.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{row.Name}, {threads} thread(s): first result after {result.OurStart.Median:f0} ms, theirs {result.TheirStart.Median:f0} ms; at most {result.OurBytes / 1e6:f0} MB, theirs {result.TheirBytes / 1e6:f0} MB"));
        return result;
    }

    /// <summary>Both outputs against double precision, on the first picture.</summary>
    public AccuracyResult Accuracy(PeerRow row, string draw)
    {
        double[] reference = MemoryMarshal.Cast<byte, double>(File.ReadAllBytes(files.Reference(row, draw, log))).ToArray();
        using var ours = new OurContender(row, files.Weights(row.Model, draw), files.Input(row), Environment.ProcessorCount);
        using var theirs = new TheirContender(row, library, files.Onnx(row, draw), files.Input(row), Environment.ProcessorCount);
        ours.Run();
        theirs.Run();
        var result = new AccuracyResult(row, draw, Distance(ours.Output, reference), Distance(theirs.Output, reference));
        log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Name}, {draw} weights: {result.Ours:0.0e-0} from double precision, theirs {result.Theirs:0.0e-0}"));
        Require(result.Ours, row, $"with {draw} weights the output differs from double precision");
        return result;
    }

    /// <summary>The work of a row, counted on the network before anything is joined.</summary>
    public static FloorResult Floor(PeerRow row)
    {
        using var model = ModelZoo.Find(row.Model).Create();
        using var workspace = new GraphWorkspace(Device.Cpu);
        model.MaterializeEmpty(Device.Meta);
        model.Eval();
        var graph = GraphRecorder.Trace(model, new TensorSpec(Shape.Create(row.Shape), DType.F32), workspace);
        double flops = graph.Nodes.Where(node => node.Op is Conv2dOp or LinearOp or MatMulOp).Sum(node => (double)node.Cost.Flops);
        double bytes = graph.Nodes.SelectMany(node => node.Inputs).Where(value => value.Constant is not null).Distinct().Sum(value => (double)value.Spec.ByteLength)
            + graph.Inputs.Concat(graph.Outputs).Sum(value => (double)value.Spec.ByteLength);
        return new FloorResult(row, flops / 1e9, bytes / 1e9);
    }

    /// <summary>Largest difference relative to the largest logit; the shorter one decides how many are compared. NaN if anything is.</summary>
    private static double Distance(float[] values, double[] expected)
    {
        double largest = 0, difference = 0;
        for (int i = 0; i < Math.Min(values.Length, expected.Length); i++)
        {
            largest = Math.Max(largest, Math.Abs(expected[i]));
            difference = Math.Max(difference, Math.Abs(values[i] - expected[i]));
        }

        return difference / largest;
    }

    /// <summary>Times of something wrong are worth nothing.</summary>
    private static void Require(double difference, PeerRow row, string what)
    {
        if (!(difference <= MostDifference))
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                $"{row.Name}: {what} by {difference:0.0e-0} of the largest logit; at most {MostDifference:0.0e-0} is rounding"));
    }

    private static (double Clock, double Processor)[] Block(ContenderProcess contender)
    {
        Thread.Sleep(Pause);
        // The first run finds cold caches: another program ran last.
        return contender.Run(RunsPerRound + 1)[1..];
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
