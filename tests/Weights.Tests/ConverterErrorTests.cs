using System.Text.Json;
using ResNeSt.Conformance;
using ResNeSt.Tensors;

namespace ResNeSt.Weights.Tests;

internal sealed class ConverterErrorTests
{
    private TemporaryFolder _folder = null!;

    private static IEnumerable<TestCaseData> HostileFiles => HostileCorpus.Files("safetensors").Concat(HostileCorpus.Files("pth"));

    [SetUp]
    public void SetUp() => _folder = new TemporaryFolder();

    [TearDown]
    public void TearDown() => _folder.Dispose();

    [TestCase]
    [TestCase("in.pth")]
    [TestCase("a", "b", "c")]
    [TestCase("a", "b", "--no-such-flag")]
    [TestCase("a", "b", "--to", "f64")]
    [TestCase("a", "b", "--to", "f16", "--to", "bf16")]
    [TestCase("a", "b", "--map", "tensorflow")]
    [TestCase("a", "-", "--json")]
    [TestCase("inspect")]
    [TestCase("inspect", "a", "b")]
    [TestCase("diff", "a")]
    [TestCase("diff", "-", "-")]
    [TestCase("diff", "a", "b", "--tolerance", "much")]
    public void Usage_Wrong_Ends2WithOneLine(params string[] args)
    {
        var run = ConverterRun.Of(args);
        Assert.That(run.ExitCode, Is.EqualTo(2));
        Assert.That(run.Error, Does.StartWith("error: ").And.Not.Contain("   at "));
        Assert.That(run.Error.TrimEnd('\n'), Does.Not.Contain("\n"));
        var json = ConverterRun.Of([.. args, "--json"]);
        Assert.That(json.ExitCode, Is.EqualTo(2));
        Assert.That(json.Json.GetProperty("error").GetProperty("kind").GetString(), Is.EqualTo("Usage"));
    }

    [Test]
    public void Model_Unknown_IsUsageAndSuggests()
    {
        var run = ConverterRun.Of("a", "b", "--model", "resnest51");
        Assert.That(run.ExitCode, Is.EqualTo(2));
        Assert.That(run.Error, Does.Contain("resnest51").And.Contain("resnest50"));
    }

    [Test]
    public void Model_DoesNotFit_Ends3()
    {
        string path = _folder.Write("w.safetensors", SafetensorsBytes.Written([WeightSource.FromSingles("fc.weight", [10], new float[10])]));
        var run = ConverterRun.Of(path, _folder.File("out"), "--model", "resnest50", "--json");
        Assert.That(run.ExitCode, Is.EqualTo(3));
        Assert.That(run.Json.GetProperty("error").GetProperty("kind").GetString(), Is.EqualTo("ModelMismatch"));
        Assert.That(run.Json.GetProperty("error").GetProperty("message").GetString(), Does.Contain("resnest50").And.Contain("missing"));
        Assert.That(File.Exists(_folder.File("out")), Is.False);
    }

    [Test]
    public void Input_Missing_Ends3AsUnreadable()
    {
        foreach (string[] args in new string[][] { ["no-such.pth", _folder.File("out")], ["inspect", "no-such.pth"], ["diff", "no-such.pth", "neither.pth"] })
        {
            var run = ConverterRun.Of([.. args, "--json"]);
            Assert.That(run.ExitCode, Is.EqualTo(3));
            Assert.That(run.Json.GetProperty("error").GetProperty("kind").GetString(), Is.EqualTo("Unreadable"));
            Assert.That(run.Json.GetProperty("error").GetProperty("file").GetString(), Is.EqualTo("no-such.pth"));
        }
    }

    [Test]
    public void Output_FolderOrMissingFolder_IsSaid()
    {
        string path = _folder.Write("w.safetensors", SafetensorsBytes.Written([]));
        Assert.That(ConverterRun.Of(path, _folder.FullName, "--force").ExitCode, Is.EqualTo(2));
        Assert.That(ConverterRun.Of(path, Path.Combine(_folder.File("missing"), "out")).ExitCode, Is.EqualTo(1));
    }

    [TestCaseSource(nameof(HostileFiles))]
    public void Convert_CorpusFile_MeetsVerdict(JsonElement file)
    {
        string path = TestData.File("hostile", file.GetProperty("file").GetString()!);
        var run = ConverterRun.Of(path, _folder.File("out"), "--json");
        Assert.That(run.ExitCode, Is.EqualTo(0).Or.EqualTo(3), run.Error);
        Assert.That(run.Error.Replace("\n", ""), Has.None.Matches<char>(char.IsControl));
        if (run.ExitCode == 0)
        {
            Assert.That(file.GetProperty("expect").GetString(), Is.Not.EqualTo("refuse"));
            Assert.That(() => SafetensorsFile.Open(_folder.File("out")).Dispose(), Throws.Nothing);
            return;
        }

        Assert.That(file.GetProperty("expect").GetString(), Is.Not.EqualTo("accept"), run.Error);
        var error = run.Json.GetProperty("error");
        Assert.That(file.GetProperty("kind").EnumerateArray().Select(kind => kind.GetString()), Does.Contain(error.GetProperty("kind").GetString()));
        Assert.That(error.GetProperty("message").GetString(), Does.StartWith(DataFileException.Escape(path)));
        Assert.That(Directory.GetFiles(_folder.FullName), Is.Empty);
    }

    [Test]
    public void Help_BeginsWithExamples()
    {
        var run = ConverterRun.Of("--help");
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Output, Does.StartWith("Examples:\n").And.Contain("--model").And.Contain("inspect").And.Contain("diff"));
        Assert.That(run.Error, Is.Empty);
    }
}
