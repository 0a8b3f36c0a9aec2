using ResNeSt.Inference;
using ResNeSt.Tensors;
using ResNeSt.Tools;

namespace ResNeSt.Cli.Tests;

/// <summary>The verbs about devices: devices, kernels, bench.</summary>
public sealed class GpuCommandTests
{
    [TestCase("--batch 0 is not between", "--batch", "0")]
    [TestCase("--batch 0 is not between", "--batch", "1", "--batch", "0")]
    [TestCase("leave out --train", "--train", "--kernels", "--tune")]
    [TestCase("leave out --train", "--train", "--algorithms", "table.txt")]
    [TestCase("--precision tf32 is not one of", "--kernels", "--precision", "tf32")]
    public void Bench_WithSenselessOptions_IsUsage(string message, params string[] options)
    {
        var result = CommandResult.Run(["bench", "--model", "resnest_tiny", "--size", "16", .. options]);
        Assert.That(result.ExitCode, Is.EqualTo(ExitCodes.Usage), result.Error);
        Assert.That(result.Error + result.Output, Does.Contain(message));
    }

    [Test]
    public void Bench_WithTune_WritesTheTableThatItThenFollows()
    {
        string folder = Directory.CreateTempSubdirectory("resnest-bench-").FullName;
        try
        {
            string file = Path.Combine(folder, "algorithms.txt");
            string[] bench = ["bench", "--model", "resnest14", "--size", "32", "--batch", "1", "--precision", "f32", "--algorithms", file];
            var missing = CommandResult.Run(bench);
            Assert.That(missing.ExitCode, Is.Not.EqualTo(ExitCodes.Ok));
            Assert.That(missing.Error + missing.Output, Does.Contain(file).And.Contain("does not exist"));

            var tuned = CommandResult.Run([.. bench, "--tune"]);
            Assert.That(tuned.ExitCode, Is.EqualTo(ExitCodes.Ok), tuned.Error);
            Assert.That(File.ReadAllLines(file), Has.Length.GreaterThan(1));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void Bench_OfKernelsWithTune_WritesTheTable()
    {
        string folder = Directory.CreateTempSubdirectory("resnest-bench-").FullName;
        try
        {
            string file = Path.Combine(folder, "algorithms.txt");
            var result = CommandResult.Run("bench", "--kernels", "--model", "resnest14", "--size", "32", "--batch", "1", "--algorithms", file, "--tune");

            Assert.That(result.ExitCode, Is.EqualTo(ExitCodes.Ok), result.Error);
            Assert.That(File.ReadAllLines(file), Has.Length.GreaterThan(1));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestCase("(measured)")]
    [TestCase("(measured)", "--train")]
    public void Bench_CancelledBeforeTheKernels_TimesNone(string line, params string[] options)
    {
        var result = CommandResult.RunCancelledAfter(line, ["bench", "--kernels", "--model", "resnest_tiny", "--size", "16", "--batch", "2", .. options]);

        Assert.That(result.ExitCode, Is.EqualTo(ExitCodes.Cancelled), result.Output);
        Assert.That(result.Output, Does.Not.Contain("us each"));
    }

    [Test]
    public void Bench_OfABatchThatDoesNotFit_SaysSoOfEveryPartAndGoesOn()
    {
        string[] bench = ["bench", "--model", "resnest_tiny", "--size", "8192", "--batch", "4096", "--precision", "f32"];
        var text = CommandResult.Run(bench);
        Assert.That(text.ExitCode, Is.EqualTo(ExitCodes.Ok), text.Error);
        Assert.That(text.Output.Split('\n').Count(line => line.Contains("[4096,3,8192,8192] has more than", StringComparison.Ordinal)), Is.EqualTo(3), text.Output);
        Assert.That(TensorScope.Current, Is.Null, "what did not fit keeps no tensors");

        var document = CommandResult.Run([.. bench, "--json"]).Json;
        Assert.That(document.GetProperty("kernels").GetArrayLength(), Is.Zero);
        Assert.That(document.GetProperty("kernelFailures").EnumerateArray().Select(failure => failure.GetProperty("failure").GetString()), Has.One.Contains("has more than"));
    }

    [Test]
    public void Devices_OnAnyMachine_ListsTheCpuAndSaysOfEveryAbsentKindWhy()
    {
        var result = CommandResult.Run("devices", "-v", "--json");

        var devices = result.Json.GetProperty("devices").EnumerateArray().ToArray();
        Assert.That(devices[0].GetProperty("device").GetString(), Is.EqualTo("cpu"));
        Assert.That(devices.Where(device => !device.GetProperty("present").GetBoolean()).Select(device => device.GetProperty("summary").GetString()), Has.All.Length.GreaterThan(20));
    }

    [Test]
    public void Kernels_WithAnUnknownName_SaysWhereToLook()
    {
        var result = CommandResult.Run("kernels", "--ptx", "no-such-kernel");

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Error, Does.Contain("no-such-kernel"));
    }

    [Test]
    public void Kernels_WithAnUnknownArchitecture_ListsThoseThatAreKnown() =>
        Assert.That(CommandResult.Run("kernels", "--arch", "sm_10").Error, Does.Contain("sm_80").And.Contain("sm_90"));

    [Test]
    public void Bench_OfASmallNetwork_TellsItsSpeed()
    {
        var result = CommandResult.Run("bench", "--model", "resnest_tiny", "--size", "16", "--batch", "2", "--precision", "f32", "--json");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Json.GetProperty("copyBytesPerSecond").GetDouble(), Is.GreaterThan(0));
        Assert.That(result.Json.GetProperty("networks")[0].GetProperty("imagesPerSecond").GetDouble(), Is.GreaterThan(0));
    }

    [TestCase("cpu")]
    [TestCase("ilgpu-cpu", Category = "Long")]
    public void Bench_WithoutAPart_ReportsKernelsInferenceAndTraining(string device)
    {
        bool gpu = device != "cpu";
        if (gpu && !CommandResult.Run("devices").Output.Contains(device, StringComparison.Ordinal))
            Assert.Ignore("this build has no GPU backend");
        var result = CommandResult.Run("bench", "--device", device, "--model", "resnest_tiny", "--size", "8", "--batch", "2", "--precision", "f32", "--json");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Json.GetProperty("flopsPerSecond").GetDouble(), Is.GreaterThan(0));
        var kernels = result.Json.GetProperty("kernels").EnumerateArray().ToArray();
        Assert.That(kernels.Select(kernel => kernel.GetProperty("seconds").GetDouble()).ToArray(), Has.Length.GreaterThan(10).And.All.GreaterThan(0));
        Assert.That(kernels.Select(kernel => kernel.GetProperty("verdict").GetString()), Has.All.Contains("bound by"));
        if (gpu)
            Assert.That(kernels.Select(kernel => kernel.GetProperty("kernel").GetString()), Has.Some.StartsWith("conv.fused."), "what was launched");
        Assert.That(result.Json.GetProperty("networks").EnumerateArray().Select(network => (network.GetProperty("training").GetBoolean(), network.GetProperty("batch").GetInt32())),
            Is.EqualTo(new[] { (false, 2), (true, 2) }));
    }

    [Test]
    public void Bench_OfKernels_TellsShapesAndVerdicts()
    {
        var result = CommandResult.Run("bench", "--kernels", "--model", "resnest14", "--size", "32", "--batch", "1", "--json");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Json.GetProperty("kernels").EnumerateArray().Select(kernel => kernel.GetProperty("operator").GetString()), Has.Some.EqualTo("fused_conv2d"));
        Assert.That(result.Json.GetProperty("kernels").EnumerateArray().Select(kernel => kernel.GetProperty("kernel").GetString()),
            Has.Some.StartsWith("conv 3×3").And.None.EqualTo("definition"), "what a session runs");
    }

    [Test]
    public void Bench_OfKernelsInSeveralPrecisions_TimesWeightsAsTheyAreKept()
    {
        var result = CommandResult.Run("bench", "--kernels", "--model", "resnest14", "--size", "32", "--batch", "1", "--precision", "f32", "--precision", "bf16", "--json");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        var bytes = result.Json.GetProperty("kernels").EnumerateArray().Where(kernel => kernel.GetProperty("operator").GetString() == "linear")
            .ToDictionary(kernel => kernel.GetProperty("precision").GetString()!, kernel => kernel.GetProperty("bytes").GetInt64());
        Assert.That(bytes.Keys, Is.EquivalentTo(new[] { "f32", "bf16" }));
        Assert.That((double)bytes["bf16"] / bytes["f32"], Is.EqualTo(0.5).Within(0.02), "the classifier is little but weights");
    }

    [Test]
    public void Bench_OfATrainingStepsKernels_ComputesInThePrecisionAskedFor()
    {
        var result = CommandResult.Run("bench", "--kernels", "--train", "--model", "resnest_tiny", "--size", "16", "--batch", "2", "--precision", "bf16", "--json");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        var casts = result.Json.GetProperty("kernels").EnumerateArray().Where(kernel => kernel.GetProperty("operator").GetString() == "cast");
        Assert.That(casts.Select(kernel => kernel.GetProperty("inputs").GetString()), Has.Some.StartsWith("BF16["), "types for storage are widened by the way");
    }

    [TestCase("conv 3×3 winograd4", false, 1.2, "Winograd")]
    [TestCase("conv 3×3 winograd4", true, 1.2, "caches")]
    [TestCase("conv 1×1 direct", true, 1.2, "caches")]
    [TestCase("conv 1×1 direct", false, 1.02, null)]
    [TestCase("conv 3×3 winograd4", false, 0.9, null)]
    public void Notes_OfAKernelAboveThePeak_ExplainWhatAppliesToIt(string kernel, bool byMemory, double share, string? expected)
    {
        var notes = BenchKernels.Notes([new BenchedKernel("fused_conv2d", "", kernel, "f32", Training: false, 1, 1e-3, new OpCost(1, 1, 1), byMemory, share, "")]).ToArray();

        Assert.That(notes, expected is null ? Is.Empty : Has.Length.EqualTo(1).And.All.Contains(expected));
    }

    [TestCase(2000, new[] { 1 })]
    [TestCase(800, new[] { 1, 6 })]
    [TestCase(1, new[] { 1, 15 })]
    public void Steps_OfALongRun_AreMeasuredLessOften(double milliseconds, int[] expected)
    {
        var asked = new List<int>();
        var step = new SessionStep(0, "conv", "conv2d", "", null, "", default, 0);

        var times = BenchTimer.Steps(runs =>
        {
            asked.Add(runs);
            return [new StepTime(step, milliseconds)];
        });

        Assert.That(asked, Is.EqualTo(expected));
        Assert.That(times.Single().Milliseconds, Is.EqualTo(milliseconds));
    }
}
