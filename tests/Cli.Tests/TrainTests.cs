using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace ResNeSt.Cli.Tests;

/// <summary>train and evaluate: flags, whole runs, killed and interrupted processes, several processes.</summary>
public sealed class TrainTests
{
    private string _folder = null!;

    private string Data => Path.Combine(_folder, "fashion-data");

    [SetUp]
    public void MakeFolders()
    {
        _folder = Directory.CreateTempSubdirectory("resnest-train-").FullName;
        MakeData(Data, side: 28);
    }

    /// <summary>Bars whose height is their class: 64 pictures to learn from, 32 to test.</summary>
    private static void MakeData(string folder, byte side)
    {
        Directory.CreateDirectory(folder);
        foreach (var (prefix, count) in new[] { ("train", 64), ("t10k", 32) })
        {
            var pixels = new byte[count * side * side];
            for (int i = 0; i < pixels.Length; i++)
                pixels[i] = (byte)(i / side % side < i / (side * side) % 10 * 3 * side / 28 ? 200 + i % 50 : i % 40);
            File.WriteAllBytes(Path.Combine(folder, $"{prefix}-images-idx3-ubyte"), [0, 0, 8, 3, 0, 0, 0, (byte)count, 0, 0, 0, side, 0, 0, 0, side, .. pixels]);
            File.WriteAllBytes(Path.Combine(folder, $"{prefix}-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, (byte)count, .. Enumerable.Range(0, count).Select(i => (byte)(i % 10))]);
        }
    }

    [TearDown]
    public void DeleteData() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Train_ThenEvaluate_FillsTheRunFolderAndMeasures()
    {
        string run = Path.Combine(_folder, "run");
        var trained = CommandResult.Run(["train", .. Small(run), "--epochs", "2", "--json"]);
        Assert.That(trained.ExitCode, Is.Zero, trained.Error);
        Assert.That(trained.Json.GetProperty("finished").GetBoolean());
        Assert.That(trained.Json.GetProperty("steps").GetInt32(), Is.EqualTo(6));
        Assert.That(Directory.GetFileSystemEntries(run).Select(Path.GetFileName),
            Is.SupersetOf(new[] { "config.json", "log.csv", "log.jsonl", "curves.svg", "checkpoints", "best.safetensors", "model.safetensors" }));
        Assert.That(Directory.GetFiles(run, "events.out.tfevents.*"), Has.Length.EqualTo(1));
        Assert.That(JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "config.json"))).RootElement.GetProperty("recipe").GetProperty("name").GetString(), Is.EqualTo("fashion-mnist"));

        var measured = CommandResult.Run("evaluate", "--run", run, "--json");
        Assert.That(measured.ExitCode, Is.Zero, measured.Error);
        Assert.That(measured.Json.GetProperty("pictures").GetInt32(), Is.EqualTo(32));
        Assert.That(measured.Json.GetProperty("top5").GetDouble(), Is.InRange(measured.Json.GetProperty("top1").GetDouble(), 1));
        Assert.That(CommandResult.Run("evaluate", "--run", run, "--at-least", "100").ExitCode, Is.EqualTo(5).Or.EqualTo(0));
        Assert.That(CommandResult.Run("evaluate", "--run", run, "--at-least", "100", "--data", Path.Combine(_folder, "none")).ExitCode, Is.EqualTo(3));
    }

    [TestCase("--data is missing", "train", "--out", "RUN")]
    [TestCase("--out is missing", "train", "--data", "DATA")]
    [TestCase("--format tar is none of", "train", "--data", "DATA", "--format", "tar", "--out", "RUN")]
    [TestCase("there is no recipe 'x'", "train", "--data", "DATA", "--recipe", "x", "--out", "RUN")]
    [TestCase("is for pictures of 3 channels", "train", "--data", "DATA", "--recipe", "cifar10", "--out", "RUN")]
    [TestCase("--batch 1 is less than 2", "train", "--data", "DATA", "--batch", "1", "--out", "RUN")]
    [TestCase("--lr -1", "train", "--data", "DATA", "--lr", "-1", "--out", "RUN")]
    [TestCase("--seed x is no whole number", "train", "--data", "DATA", "--seed", "x", "--out", "RUN")]
    [TestCase("--validation 64", "train", "--data", "DATA", "--validation", "64", "--out", "RUN")]
    [TestCase("less than one batch", "train", "--data", "DATA", "--batch", "1000", "--out", "RUN")]
    [TestCase("--on-nan maybe", "train", "--data", "DATA", "--on-nan", "maybe", "--out", "RUN")]
    [TestCase("--workers 999", "train", "--data", "DATA", "--workers", "999", "--out", "RUN")]
    [TestCase("is not empty", "train", "--data", "DATA", "--out", "DATA")]
    [TestCase("exclude each other", "train", "--out", "RUN", "--resume", "RUN")]
    [TestCase("--replicas 0", "train", "--data", "DATA", "--replicas", "0", "--out", "RUN")]
    [TestCase("without spaces, as in cuda:0,cuda:1", "train", "--data", "DATA", "--device", "cpu,", "--out", "RUN")]
    [TestCase("without spaces, as in cuda:0,cuda:1", "train", "--data", "DATA", "--device", "cpu, cpu", "--out", "RUN")]
    [TestCase("exclude --replicas and mpirun", "train", "--data", "DATA", "--device", "cpu,cpu", "--replicas", "2", "--out", "RUN")]
    [TestCase("3 replicas cannot share a batch of 16", "train", "--data", "DATA", "--device", "cpu,cpu,cpu", "--batch", "16", "--validation", "10", "--out", "RUN")]
    [TestCase("only train takes several", "bench", "--device", "cpu,cpu")]
    [TestCase("--precision f8 is none of f32, tf32, f16, bf16", "train", "--data", "DATA", "--precision", "f8", "--out", "RUN")]
    [TestCase("give one of --run, --data and --imagenet", "evaluate")]
    [TestCase("--run and --model exclude each other", "evaluate", "--run", "RUN", "--model", "resnest50")]
    [TestCase("--at-least 101", "evaluate", "--data", "DATA", "--at-least", "101")]
    public void Flags_ThatMakeNoSense_GiveOneClearLine(string message, params string[] arguments)
    {
        var result = CommandResult.Run([.. arguments.Select(argument => argument switch { "DATA" => Data, "RUN" => Path.Combine(_folder, "run"), _ => argument })]);
        Assert.That(result.ExitCode, Is.EqualTo(2), result.Error);
        Assert.That(result.ErrorLines, Has.Length.EqualTo(1).And.All.Contains(message), result.Error);
    }

    [Test]
    public void Train_OnMissingOrWrongData_IsRefused()
    {
        Assert.That(CommandResult.Run("train", "--data", Path.Combine(_folder, "none"), "--out", Path.Combine(_folder, "run")).ExitCode, Is.EqualTo(3));
        Assert.That(CommandResult.Run("train", "--resume", _folder).ExitCode, Is.EqualTo(3));
        byte[] labels = File.ReadAllBytes(Path.Combine(Data, "train-labels-idx1-ubyte"));
        labels[20] = 77;
        File.WriteAllBytes(Path.Combine(Data, "train-labels-idx1-ubyte"), labels);
        var result = CommandResult.Run(["train", .. Small(Path.Combine(_folder, "run"))]);
        Assert.That(result.ExitCode, Is.EqualTo(3));
        Assert.That(result.Error, Does.Contain("label 77 of picture 12"));
    }

    [Test]
    public void Train_KilledAndResumed_EndsWithTheBitsOfARunThatWasNot()
    {
        string whole = Path.Combine(_folder, "whole"), killed = Path.Combine(_folder, "killed");
        Assert.That(CommandResult.Run(["train", .. Small(whole), "--epochs", "4"]).ExitCode, Is.Zero);
        string last = Path.Combine(killed, "checkpoints", "last.json");
        string[] arguments = ["train", .. Small(killed), "--epochs", "4", "--save-every", "1"];
        for (int attempt = 0; attempt < 2; attempt++)
        {
            using var process = Start(arguments);
            long seen = StepOf(last);
            // Killed while it is writing, computing or whatever it does, once it has gone on by two steps.
            while (StepOf(last) < seen + 2 && !process.HasExited)
                Thread.Sleep(5);
            process.Kill();
            process.WaitForExit();
            arguments = ["train", "--resume", killed, "--save-every", "1"];
        }

        Assert.That(StepOf(last), Is.InRange(2, 12));
        var result = CommandResult.Run("train", "--resume", killed, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Json.GetProperty("finished").GetBoolean());
        Assert.That(File.ReadAllBytes(Path.Combine(killed, "model.safetensors")), Is.EqualTo(File.ReadAllBytes(Path.Combine(whole, "model.safetensors"))));
        Assert.That(File.ReadAllLines(Path.Combine(killed, "log.csv")).Select(line => line.Split(',')[..6]), Is.EqualTo(File.ReadAllLines(Path.Combine(whole, "log.csv")).Select(line => line.Split(',')[..6])));
        Assert.That(Directory.GetFiles(Path.Combine(killed, "checkpoints")), Has.Length.EqualTo(2));
    }

    [Test]
    [Platform("Linux,MacOsX")]
    public void Train_Interrupted_FinishesTheStepAndSaves()
    {
        string run = Path.Combine(_folder, "run"), last = Path.Combine(run, "checkpoints", "last.json");
        using var process = Start(["train", .. Small(run), "--epochs", "1000", "--save-every", "1"]);
        while (StepOf(last) < 2 && !process.HasExited)
            Thread.Sleep(5);
        // Where a shell runs the tests in the background SIGINT is ignored, and stays so in all that it starts.
        using (var signal = Process.Start("kill", [IgnoresInterrupts(process) ? "-TERM" : "-INT", process.Id.ToString(CultureInfo.InvariantCulture)]))
            signal.WaitForExit();
        bool exited = process.WaitForExit(60_000);
        if (!exited)
            process.Kill();
        Assert.That(exited);
        Assert.That(process.ExitCode, Is.EqualTo(130));
        Assert.That(process.StandardOutput.ReadToEnd(), Does.Contain("go on with: resnest train --resume"));
        var result = CommandResult.Run("train", "--resume", run, "--max-steps", (StepOf(last) + 1).ToString(CultureInfo.InvariantCulture));
        Assert.That(result.ExitCode, Is.Zero, result.Error);
    }

    [Test]
    public void Train_WithTwoProcesses_EqualsOneWithTheWholeBatch()
    {
        string one = Path.Combine(_folder, "one"), two = Path.Combine(_folder, "two");
        Assert.That(CommandResult.Run(["train", .. Small(one), "--max-steps", "1", "--lr", "0.01"]).ExitCode, Is.Zero);
        using (var process = Start(["train", .. Small(two), "--max-steps", "1", "--lr", "0.01", "--replicas", "2", "--sync-bn"]))
        {
            string error = process.StandardError.ReadToEnd();
            Assert.That(process.WaitForExit(120_000));
            Assert.That(process.ExitCode, Is.Zero, error);
        }

        CheckSameLosses(one, two);
    }

    [Test]
    public void Train_OnTwoDevicesOfOneProcess_EqualsOneWithTheWholeBatch()
    {
        string one = Path.Combine(_folder, "one"), two = Path.Combine(_folder, "two");
        Assert.That(CommandResult.Run(["train", .. Small(one), "--max-steps", "2", "--lr", "0.01"]).ExitCode, Is.Zero);
        var result = CommandResult.Run(["train", .. Small(two), "--max-steps", "2", "--lr", "0.01", "--device", "cpu,cpu", "--sync-bn"]);
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        CheckSameLosses(one, two);
        var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(two, "config.json"))).RootElement;
        Assert.That(config.GetProperty("replicas").GetInt32(), Is.EqualTo(2));

        var further = CommandResult.Run("train", "--resume", two, "--max-steps", "3", "--device", "cpu,cpu", "--json");
        Assert.That(further.ExitCode, Is.Zero, further.Error);
        Assert.That(further.Json.GetProperty("steps").GetInt32(), Is.EqualTo(3));
    }

    [TestCase("ilgpu-cpu,ilgpu-cpu:1", "f32", Category = "Long")]
    [TestCase("ilgpu-cpu,ilgpu-cpu", "f32", Category = "Long")]
    [TestCase("ilgpu-cpu", "f16", Category = "Long")]
    public void Train_OnSimulatedGpus_TakesSteps(string devices, string precision)
    {
        if (!CommandResult.Run("devices").Output.Contains("ilgpu-cpu", StringComparison.Ordinal))
            Assert.Ignore("this build has no GPU backend");
        string run = Path.Combine(_folder, "run"), small = Path.Combine(_folder, "small-fashion-data");
        MakeData(small, side: 8);
        var result = CommandResult.Run("train", "--data", small, "--out", run, "--batch", "8", "--size", "8", "--validation", "0", "--max-steps", "2", "--no-progress",
            "--device", devices, "--precision", precision);
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(Losses(run), Has.Length.EqualTo(2).And.All.InRange(0.1, 10));
    }

    [Test]
    public void Train_OnADeviceThatFails_EndsAllAndTellsOfIt()
    {
        var result = CommandResult.Run(["train", .. Small(Path.Combine(_folder, "run")), "--device", "cpu,nowhere:0"]);
        Assert.That(result.ExitCode, Is.Not.Zero);
        Assert.That(result.ErrorLines, Has.Length.EqualTo(1).And.All.Contains("nowhere"));
    }

    [TestCase("f16")]
    [TestCase("bf16")]
    public void Train_InMixedPrecision_ScalesTheLossWhereItMustAndGoesOnWithTheSameBits(string precision)
    {
        string whole = Path.Combine(_folder, "whole"), parts = Path.Combine(_folder, "parts");
        Assert.That(CommandResult.Run(["train", .. Small(whole), "--max-steps", "5", "--precision", precision]).ExitCode, Is.Zero);
        Assert.That(CommandResult.Run(["train", .. Small(parts), "--max-steps", "3", "--precision", precision]).ExitCode, Is.Zero);
        Assert.That(CommandResult.Run("train", "--resume", parts, "--max-steps", "5").ExitCode, Is.Zero);

        double[] losses = Losses(whole);
        Assert.That(losses, Has.Length.EqualTo(5).And.All.InRange(0.1, 10));
        Assert.That(Losses(parts), Is.EqualTo(losses));
        var state = JsonDocument.Parse(File.ReadAllText(Path.Combine(whole, "checkpoints", "last.json"))).RootElement;
        Assert.That(state.GetProperty("lossScale").GetDouble(), precision == "f16" ? Is.GreaterThanOrEqualTo(64) : Is.EqualTo(1));
        Assert.That(state.GetProperty("optimizerSteps").GetInt32(), Is.GreaterThan(0));
        Assert.That(CommandResult.Run(["train", "--resume", parts, "--precision", "f32"]).Error, Does.Contain("--precision cannot be changed"));
    }

    [Test]
    public void Train_InTf32WithoutTensorCores_SaysWhatHasIt()
    {
        var result = CommandResult.Run(["train", .. Small(Path.Combine(_folder, "run")), "--precision", "tf32"]);
        Assert.That(result.ExitCode, Is.Not.Zero);
        Assert.That(result.ErrorLines, Has.Length.EqualTo(1).And.All.Contains("tensor cores"));
    }

    [Test]
    [Platform("Linux")]
    public void Train_UnderMpirun_EqualsOneWithTheWholeBatch()
    {
        string? mpirun = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "mpirun")).FirstOrDefault(File.Exists);
        if (mpirun is null)
            Assert.Ignore("mpirun is not installed here");
        string one = Path.Combine(_folder, "one"), two = Path.Combine(_folder, "two");
        Assert.That(CommandResult.Run(["train", .. Small(one), "--max-steps", "2"]).ExitCode, Is.Zero);
        using (var process = Start(["train", .. Small(two), "--max-steps", "2", "--sync-bn", "--threads", "1"], mpirun))
        {
            string error = process.StandardError.ReadToEnd();
            Assert.That(process.WaitForExit(120_000));
            Assert.That(process.ExitCode, Is.Zero, error);
        }

        CheckSameLosses(one, two);
    }

    private static void CheckSameLosses(string one, string two)
    {
        double[] expected = Losses(one), actual = Losses(two);
        Assert.That(actual, Has.Length.EqualTo(expected.Length).And.Length.GreaterThan(0));
        for (int i = 0; i < expected.Length; i++)
            Assert.That(actual[i], Is.EqualTo(expected[i]).Within(1e-4 * Math.Max(1, expected[i])), $"step {i + 1}");
    }

    private static double[] Losses(string run) => [.. File.ReadAllLines(Path.Combine(run, "log.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)
        .Where(line => line.TryGetProperty("loss", out _)).Select(line => line.GetProperty("loss").GetDouble())];

    private static bool IgnoresInterrupts(Process process)
    {
        const string field = "SigIgn:";
        const long interrupt = 1L << (2 - 1);
        string status = $"/proc/{process.Id}/status";
        return File.Exists(status)
            && (long.Parse(File.ReadLines(status).First(line => line.StartsWith(field, StringComparison.Ordinal))[field.Length..], NumberStyles.HexNumber | NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture) & interrupt) != 0;
    }

    private static long StepOf(string last)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllText(last)).RootElement.GetProperty("step").GetInt64();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static Process Start(string[] arguments, string? mpirun = null)
    {
        string dotnet = Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath! : "dotnet";
        var start = new ProcessStartInfo(mpirun ?? dotnet) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in mpirun is null ? Array.Empty<string>() : ["-n", "2", "--allow-run-as-root", "--oversubscribe", dotnet])
            start.ArgumentList.Add(argument);
        start.ArgumentList.Add(typeof(ResnestApp).Assembly.Location);
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    /// <summary>A run of three steps an epoch.</summary>
    private string[] Small(string run) => ["--data", Data, "--out", run, "--batch", "16", "--validation", "10", "--no-progress"];
}
