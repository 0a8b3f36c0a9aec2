using ResNeSt.Conformance;

namespace ResNeSt.Cli.Tests;

/// <summary>The main job: from the picture file to the classes.</summary>
public sealed class ClassifyTests
{
    private static readonly string Cat = TestData.File("images", "cat.png");

    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("resnest-classify-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase("official", 0)]
    [TestCase("torchvision", 1)]
    public void Classify_WithGoldenWeights_GivesThePublishedLogits(string rule, int index)
    {
        var known = TestData.Json("golden", "photo.json").GetProperty("resnest50").GetProperty("cases")[index];
        Assert.That(known.GetProperty("preprocess").GetString(), Does.StartWith(rule));

        var result = CommandResult.Run("classify", Cat, "--weights", "golden", "--rule", rule, "--json");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        var picture = result.Json.GetProperty("pictures")[0];
        double[] logits = [.. picture.GetProperty("logits").EnumerateArray().Select(value => value.GetDouble())];
        double[] first = [.. known.GetProperty("logits_first8").EnumerateArray().Select(value => value.GetDouble())];
        Assert.That(logits[..8], Is.EqualTo(first).Within(1e-4));
        Assert.That(Math.Sqrt(logits.Sum(value => value * value)), Is.EqualTo(known.GetProperty("l2").GetDouble()).Within(1e-4));
        int[] best = [.. picture.GetProperty("classes").EnumerateArray().Select(entry => entry.GetProperty("index").GetInt32())];
        Assert.That(best, Is.EqualTo(known.GetProperty("top5").EnumerateArray().Select(value => value.GetInt32())));
        Assert.That(result.Json.GetProperty("trained").GetBoolean(), Is.False);
    }

    [Test]
    public void Classify_WithGoldenWeights_SaysThatTheyAreNotTrained()
    {
        var result = CommandResult.Run("classify", Cat, "--weights", "golden", "--model", "resnest14", "--top", "2");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Error, Does.Contain("not trained"));
        Assert.That(result.Output, Does.Contain("untrained weights").And.Not.Contain("%"));
        Assert.That(result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(3));
    }

    [Test]
    public void Classify_OfAFolder_TakesEveryPictureByNameAndGoesOnAfterABadOne()
    {
        File.Copy(Cat, Path.Combine(_folder, "a.png"));
        File.WriteAllText(Path.Combine(_folder, "b.jpg"), "this is no picture");
        File.Copy(Cat, Path.Combine(_folder, "c.png"));
        File.WriteAllText(Path.Combine(_folder, "notes.txt"), "ignored");

        var result = CommandResult.Run("classify", _folder, "--weights", "golden", "--model", "resnest14", "--json");

        Assert.That(result.ExitCode, Is.EqualTo(3));
        var pictures = result.Json.GetProperty("pictures").EnumerateArray().ToList();
        Assert.That(pictures.Select(picture => Path.GetFileName(picture.GetProperty("picture").GetString())), Is.EqualTo(new[] { "a.png", "b.jpg", "c.png" }));
        Assert.That(pictures[1].GetProperty("error").GetProperty("kind").GetString(), Is.EqualTo("NotThisFormat"));
        Assert.That(pictures[2].GetProperty("classes").GetArrayLength(), Is.EqualTo(5));
    }

    [Test]
    public void Classify_OfStandardInput_ReadsIt()
    {
        using var input = File.OpenRead(Cat);
        var result = CommandResult.Run(input, "classify", "-", "--weights", "golden", "--model", "resnest14");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
    }

    [Test]
    public void Classify_OfATextFileNamedJpg_GivesOneLineAndThree()
    {
        string path = Path.Combine(_folder, "cat.jpg");
        File.WriteAllText(path, "hello");

        AssertOneLine(CommandResult.Run("classify", path, "--weights", "golden", "--model", "resnest14", "--quiet"), 3, "cat.jpg");
    }

    [Test]
    public void Classify_OfAMissingPicture_GivesOneLineAndThree() =>
        AssertOneLine(CommandResult.Run("classify", Path.Combine(_folder, "none.png"), "--weights", "golden", "--model", "resnest14", "--quiet"), 3, "none.png");

    [Test]
    public void Classify_WithMissingWeights_GivesOneLineAndThree() =>
        AssertOneLine(CommandResult.Run("classify", Cat, "--weights", Path.Combine(_folder, "none.pth")), 3, "none.pth");

    [Test]
    public void Classify_WithAnUnknownModel_SuggestsAndGivesTwo() =>
        AssertOneLine(CommandResult.Run("classify", Cat, "--model", "resnet5o"), 2, "did you mean");

    [Test]
    public void Classify_WithAnUnknownFlag_GivesTwo() =>
        AssertOneLine(CommandResult.Run("classify", Cat, "--fast"), 2, "--fast");

    /// <summary>Never another device silently: not with the GPU backend, not without it.</summary>
    [TestCase("tpu:0")]
    [TestCase("cuda:99")]
    [TestCase("cpu:1")]
    public void Classify_OnAnAbsentDevice_GivesFour(string device) =>
        AssertOneLine(CommandResult.Run("classify", Cat, "--weights", "golden", "--device", device), 4, device);

    [Test]
    public void Classify_OfWeightsForOtherClasses_GivesOneLineAndThree()
    {
        string weights = Path.Combine(Directory.EnumerateDirectories(TestData.Folder("torch_nets")).First(), "weights.pth");

        AssertOneLine(CommandResult.Run("classify", Cat, "--weights", weights, "--model", "resnest14"), 3, "do not fit resnest14");
    }

    [Test]
    public void Classify_WithoutWeightsAndNetwork_SaysWhereTheyAreToBeHad()
    {
        Environment.SetEnvironmentVariable("RESNEST_CACHE", _folder);
        try
        {
            // Nothing listens on the discard port of the loopback address.
            AssertOneLine(CommandResult.Run("classify", Cat, "--weights", "http://127.0.0.1:9/resnest50-528c19ca.pth", "--quiet"), 1,
                "resnest50-528c19ca.pth", _folder, "--weights FILE");
        }
        finally
        {
            Environment.SetEnvironmentVariable("RESNEST_CACHE", null);
        }
    }

    [Test]
    public void Errors_WithJson_AreADocument()
    {
        var result = CommandResult.Run("classify", Cat, "--model", "nothing", "--json");

        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Json.GetProperty("error").GetProperty("kind").GetString(), Is.EqualTo("UnknownModel"));
    }

    private static void AssertOneLine(CommandResult result, int exitCode, params string[] parts)
    {
        Assert.That(result.ExitCode, Is.EqualTo(exitCode), result.Error);
        Assert.That(result.Output, Is.Empty);
        Assert.That(result.ErrorLines, Has.Length.EqualTo(1), result.Error);
        foreach (string part in parts)
            Assert.That(result.Error, Does.Contain(part));
    }
}
