using ResNeSt.Tools;

namespace ResNeSt.Cli.Tests;

/// <summary>The verb <c>export</c>.</summary>
public sealed class ExportTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("resnest-export-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Export_WithGoldenWeights_WritesAFileOnce()
    {
        string file = Path.Combine(_folder, "net.onnx");
        string[] arguments = ["export", "resnest14", "--onnx", file, "--weights", "golden", "--batch", "dynamic", "--size", "64", "--json"];
        var first = CommandResult.Run(arguments);
        Assert.That(first.ExitCode, Is.EqualTo(ExitCodes.Ok), first.Error);
        Assert.That(first.Json.GetProperty("input").GetString(), Is.EqualTo("[batch,3,64,64]"));
        Assert.That(first.Json.GetProperty("bytes").GetInt64(), Is.EqualTo(new FileInfo(file).Length));

        var second = CommandResult.Run(arguments);
        Assert.That(second.ExitCode, Is.EqualTo(ExitCodes.Failed));
        Assert.That(second.Output, Does.Contain("--force"));
        Assert.That(CommandResult.Run([.. arguments, "--force"]).ExitCode, Is.EqualTo(ExitCodes.Ok));
    }

    [TestCase("--batch", "many")]
    [TestCase("--batch", "0")]
    [TestCase("--size", "0")]
    [TestCase("--onnx", ".")]
    [TestCase("--onnx", "no-such-folder/net.onnx")]
    public void Export_WithANonsensicalOption_IsAUsageError(string option, string value)
    {
        string[] target = option == "--onnx" ? [] : ["--onnx", Path.Combine(_folder, "net.onnx")];
        var result = CommandResult.Run(["export", "resnest14", "--weights", "golden", .. target, option, value]);
        Assert.That(result.ExitCode, Is.EqualTo(ExitCodes.Usage), result.Error);
        Assert.That(Directory.EnumerateFileSystemEntries(_folder), Is.Empty);
    }
}
