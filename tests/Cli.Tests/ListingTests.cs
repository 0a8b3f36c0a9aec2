using ResNeSt.Conformance;

namespace ResNeSt.Cli.Tests;

/// <summary>The verbs that list and check: models, summary, verify, help.</summary>
public sealed class ListingTests
{
    [Test]
    public void Models_ListsEveryNetworkWithAccuracyAndSource()
    {
        var result = CommandResult.Run("models", "--json");

        var models = result.Json.GetProperty("models").EnumerateArray().ToDictionary(model => model.GetProperty("name").GetString()!);
        Assert.That(models["resnest50"].GetProperty("parameters").GetInt64(), Is.EqualTo(27_483_240));
        Assert.That(models["resnest50"].GetProperty("macs").GetInt64() / 1e9, Is.EqualTo(5.371).Within(0.001));
        Assert.That(models["resnest50"].GetProperty("switches").EnumerateArray().Select(change => change.GetString()),
            Is.EqualTo(new[] { "Stem = Deep", "Shortcut = AverageDown", "AverageDown = true", "Radix = 2" }));
        Assert.That(models["resnest50"].GetProperty("accuracy")[0].GetProperty("top1").GetDouble(), Is.EqualTo(81.03));
        Assert.That(models.Values, Has.All.Matches<System.Text.Json.JsonElement>(model => model.GetProperty("source").GetString()!.Length > 0));
    }

    [Test]
    public void Summary_AddsUpToTheWholeNetwork()
    {
        var result = CommandResult.Run("summary", "resnest101", "--size", "256", "--json");

        Assert.That(result.Json.GetProperty("parameters").GetInt64(), Is.EqualTo(48_275_016));
        Assert.That(result.Json.GetProperty("macs").GetInt64() / 1e9, Is.EqualTo(13.321).Within(0.001));
        var stem = result.Json.GetProperty("layers").EnumerateArray().First(layer => layer.GetProperty("name").GetString() == "conv1.0");
        Assert.That(stem.GetProperty("output").EnumerateArray().Select(extent => extent.GetInt32()), Is.EqualTo(new[] { 1, 64, 128, 128 }));
    }

    [Test]
    public void Graph_OfANetwork_PrintsItsOperatorsAfterTheOptimisations()
    {
        var result = CommandResult.Run("graph", "resnest50");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Output, Does.StartWith("input input: F32[1,3,224,224]").And.Contains("split_attention_gate").And.Not.Contains("batch_norm"));
        Assert.That(result.ErrorLines, Has.Some.EqualTo("fold batch norm: 71 of 71"));
    }

    [TestCase("--before", "conv2d")]
    [TestCase("--after", "fused_conv2d")]
    public void Graph_AsADocument_ListsTheNodes(string stage, string first)
    {
        var result = CommandResult.Run("graph", "resnest14", stage, "--size", "64", "--batch", "2", "--json");

        var node = result.Json.GetProperty("nodes")[0];
        Assert.That(node.GetProperty("operator").GetString(), Is.EqualTo(first));
        Assert.That(node.GetProperty("inputs")[0].GetProperty("type").GetString(), Is.EqualTo("F32[2,3,64,64]"));
    }

    [TestCase("--svg", "<svg")]
    [TestCase("--dot", "digraph")]
    public void Graph_InAnotherForm_PrintsThat(string form, string start) =>
        Assert.That(CommandResult.Run("graph", "resnest14", form).Output, Does.StartWith(start));

    [TestCase("--svg", "--dot")]
    [TestCase("--before", "--after")]
    [TestCase("--size", "0")]
    public void Graph_WithSenselessOptions_IsUsage(string one, string other) =>
        Assert.That(CommandResult.Run("graph", "resnest14", one, other).ExitCode, Is.EqualTo(2));

    [Test]
    public void Verify_OfANetwork_PassesWithinTheBounds()
    {
        var result = CommandResult.Run("verify", "resnest14", "--golden", TestData.File("golden", "forward.json"), "--json");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.Json.GetProperty("passed").GetInt32(), Is.EqualTo(3));
    }

    [Test]
    public void Verify_AgainstOtherNumbers_GivesFive()
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, """
            {"resnest14": {"params": 10611688, "tensors": 152, "cases": [{"input": [1,3,64,64], "logits_first8": [0,0,0,0,0,0,0,0], "sum": 0, "l2": 1, "argmax": 3}]}}
            """);
        try
        {
            Assert.That(CommandResult.Run("verify", "--golden", path).ExitCode, Is.EqualTo(5));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Test]
    public void Verify_OfAFileOfAnotherForm_GivesThree()
    {
        var result = CommandResult.Run("verify", "--golden", TestData.File("golden", "train3.json"));

        Assert.That(result.ExitCode, Is.EqualTo(3));
        Assert.That(result.ErrorLines, Has.Length.EqualTo(1));
    }

    [Test]
    public void Help_BeginsWithExamples() =>
        Assert.That(CommandResult.Run("--help").Output, Does.StartWith("Examples:"));
}
