using ResNeSt.Tools;

namespace ResNeSt.Cli.Tests;

/// <summary>The verbs about devices: devices, kernels, bench.</summary>
public sealed class GpuCommandTests
{
    [TestCase("--batch 0 is not between", "--batch", "0")]
    [TestCase("--batch 0 is not between", "--batch", "1", "--batch", "0")]
    [TestCase("leave out --kernels", "--kernels", "--tune")]
    [TestCase("leave out --kernels", "--train", "--algorithms", "table.txt")]
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
}
