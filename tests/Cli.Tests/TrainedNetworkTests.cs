using System.Text.Json;
using ResNeSt.Conformance;
using ResNeSt.Models;
using ResNeSt.Tensors;
using ResNeSt.Tools;
using ResNeSt.Training;

namespace ResNeSt.Cli.Tests;

/// <summary>Trained networks: classified with from a run, from a file that describes itself, and from the box where nothing else is at hand.</summary>
[NonParallelizable]
public sealed class TrainedNetworkTests
{
    private const string BoxSetting = "ResNeSt.Cli.BoxModel";

    private static readonly string Cat = TestData.File("images", "cat.png");

    private string _folder = "";

    private string Run => Path.Combine(_folder, "run");

    private string Weights => Path.Combine(Run, "model.safetensors");

    [OneTimeSetUp]
    public void TrainTwoSteps()
    {
        _folder = Directory.CreateTempSubdirectory("resnest-trained-").FullName;
        string data = Path.Combine(_folder, "data");
        Directory.CreateDirectory(data);
        // CIFAR-10's layout: noise, 8 pictures a file.
        var random = new System.Random(7);
        foreach (string file in (string[])["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"])
        {
            var records = new byte[8 * 3073];
            random.NextBytes(records);
            for (int i = 0; i < 8; i++)
                records[i * 3073] = (byte)(i % 10);
            File.WriteAllBytes(Path.Combine(data, file + ".bin"), records);
        }

        var trained = CommandResult.Run("train", "--data", data, "--model", "resnest_tiny", "--radix", "4", "--epochs", "1", "--batch", "20", "--validation", "0", "--out", Run, "--quiet");
        Assert.That(trained.ExitCode, Is.Zero, trained.Error);
    }

    [OneTimeTearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TearDown]
    public void ForgetBox()
    {
        AppContext.SetData(BoxSetting, null);
        Environment.SetEnvironmentVariable("RESNEST_CACHE", null);
    }

    [Test]
    public void WeightsOfARun_TellTheirNetworkClassesAndPreprocessing()
    {
        using var file = ResNeSt.Weights.WeightFile.Open(Weights);
        var description = NetworkDescription.Find(file.Metadata)!;

        Assert.That(description.Model, Is.EqualTo("resnest_tiny"));
        Assert.That(description.Radix, Is.EqualTo(4));
        Assert.That(description.Classes, Is.EqualTo(Cifar10.Classes));
        Assert.That((description.Size, description.Rule, description.CropRatio, description.Interpolation), Is.EqualTo((32, "timm", (double?)1.0, "box")));
        Assert.That(description.Mean, Is.EqualTo(Recipes.Cifar10.Mean));
        Assert.That(description.Deviation, Is.EqualTo(Recipes.Cifar10.Deviation));
        Assert.That(NetworkDescription.Find(description.ToMetadata())!.ToMetadata(), Is.EqualTo(description.ToMetadata()));
    }

    [Test]
    public void Classify_WithARun_EqualsClassifyWithItsFile()
    {
        var byRun = Classified("--run", Run);
        var byFile = Classified("--weights", Weights);
        var byName = Classified("--weights", Weights, "--model", "resnest_tiny");

        Assert.That(byRun.GetProperty("classes").GetInt32(), Is.EqualTo(10));
        Assert.That(Names(byRun), Is.SubsetOf(Cifar10.Classes));
        Assert.That(Logits(byFile), Is.EqualTo(Logits(byRun)));
        Assert.That(Logits(byName), Is.EqualTo(Logits(byRun)));
    }

    [Test]
    public void Export_OfARunIn16Bits_IsHalfTheSizeAndClassifiesAlike()
    {
        string file = Path.Combine(_folder, "half.safetensors");
        var exported = CommandResult.Run("export", "--run", Run, "--safetensors", file, "--f16", "--json", "--force");

        Assert.That(exported.ExitCode, Is.Zero, exported.Error);
        Assert.That(exported.Json.GetProperty("bytes").GetInt64(), Is.EqualTo(new FileInfo(file).Length).And.LessThan(new FileInfo(Weights).Length * 0.6));
        Assert.That(Logits(Classified("--weights", file)), Is.EqualTo(Logits(Classified("--run", Run))).Within(0.05));
    }

    [Test]
    public void Export_OfARunAsOnnx_TakesItsInput()
    {
        var exported = CommandResult.Run("export", "--run", Run, "--onnx", Path.Combine(_folder, "net.onnx"), "--json");

        Assert.That(exported.ExitCode, Is.Zero, exported.Error);
        Assert.That(exported.Json.GetProperty("input").GetString(), Is.EqualTo("[1,3,32,32]"));
    }

    [TestCase("give one of MODEL and --run", "export", "--onnx", "FILE")]
    [TestCase("give one of MODEL and --run", "export", "resnest14", "--run", "RUN", "--onnx", "FILE")]
    [TestCase("give one of --onnx and --safetensors", "export", "resnest14")]
    [TestCase("--safetensors needs --run", "export", "resnest14", "--safetensors", "FILE")]
    [TestCase("--f16 goes with --safetensors", "export", "--run", "RUN", "--onnx", "FILE", "--f16")]
    [TestCase("--run and --model exclude each other", "classify", "CAT", "--run", "RUN", "--model", "resnest14")]
    public void Flags_ThatMakeNoSense_GiveOneClearLine(string message, params string[] arguments)
    {
        var result = CommandResult.Run([.. arguments.Select(argument => argument switch { "RUN" => Run, "CAT" => Cat, "FILE" => Path.Combine(_folder, "never"), _ => argument })]);

        Assert.That(result.ExitCode, Is.EqualTo(ExitCodes.Usage), result.Error);
        Assert.That(result.ErrorLines, Has.Length.EqualTo(1).And.All.Contains(message));
    }

    [Test]
    public void Classify_WithNothingAtHand_TakesTheBoxAndSaysSoInOneLine()
    {
        UseBox(Weights);
        var result = CommandResult.Run("classify", Cat, "--top", "1");

        Assert.That(result.ExitCode, Is.Zero, result.Error);
        Assert.That(result.ErrorLines.Count(line => line.Contains("no ImageNet weights at hand")), Is.EqualTo(1), result.Error);
        Assert.That(result.Error, Does.Contain("10 classes").And.Contain("frog").And.Contain("--model resnest50"));
        Assert.That(Cifar10.Classes.Count(name => result.Output.Contains($"%  {name}")), Is.EqualTo(1), result.Output);
        Assert.That(CommandResult.Run("classify", Cat, "--quiet").Error, Is.Empty);
        Assert.That(Logits(Classified()), Is.EqualTo(Logits(Classified("--run", Run))));
    }

    [Test]
    public void Classify_OfAPictureWithAskedForWeights_DoesNotTakeTheBox()
    {
        UseBox(Weights);
        var result = CommandResult.Run("classify", Cat, "--model", "resnest14", "--weights", "golden", "--json");

        Assert.That(result.Json.GetProperty("model").GetString(), Is.EqualTo("resnest14"));
        Assert.That(result.Json.GetProperty("classes").GetInt32(), Is.EqualTo(1000));
    }

    [Test]
    public void TheBox_SeesACat()
    {
        Environment.SetEnvironmentVariable("RESNEST_CACHE", _folder);
        Assert.That(Names(Classified())[..2], Has.Member("cat"));
    }

    [TestCase("{}")]
    [TestCase("no json")]
    [TestCase("""{"version":2}""")]
    [TestCase("""{"version":1,"model":"nothing","classes":["a"],"size":32,"rule":"timm","interpolation":"box","mean":[0],"deviation":[1]}""")]
    [TestCase("""{"version":1,"model":"resnest_tiny","classes":[],"size":32,"rule":"timm","interpolation":"box","mean":[0],"deviation":[1]}""")]
    [TestCase("""{"version":1,"model":"resnest_tiny","classes":["a"],"size":9999999,"rule":"timm","interpolation":"box","mean":[0],"deviation":[1]}""")]
    [TestCase("""{"version":1,"model":"resnest_tiny","classes":["a"],"size":32,"rule":"timm","interpolation":"box","mean":[0,0],"deviation":[1,1]}""")]
    [TestCase("""{"version":1,"model":"resnest_tiny","classes":["a"],"size":32,"rule":"timm","interpolation":"box","mean":[0],"deviation":[0]}""")]
    [TestCase("""{"version":1,"model":"resnest_tiny","classes":["a"],"size":32,"rule":"guess","interpolation":"box","mean":[0],"deviation":[1]}""")]
    [TestCase("""{"version":1,"model":"resnest_tiny","classes":["a"],"size":32,"rule":"timm","interpolation":"magic","mean":[0],"deviation":[1]}""")]
    public void Classify_WithADamagedDescription_IsRefusedInOneLine(string json)
    {
        string file = Path.Combine(_folder, "damaged.safetensors");
        ResNeSt.Weights.SafetensorsWriter.Write(file, [ResNeSt.Weights.WeightSource.FromSingles("x", [1], new[] { 1f }, ResNeSt.Weights.WeightDType.F32)],
            new Dictionary<string, string> { [NetworkDescription.MetadataKey] = json }, new ResNeSt.Weights.SafetensorsWriteOptions { Overwrite = true });
        var result = CommandResult.Run("classify", Cat, "--weights", file);

        Assert.That(result.ExitCode, Is.EqualTo(ExitCodes.BadInput), result.Error);
        Assert.That(result.ErrorLines, Has.Length.EqualTo(1).And.All.Contains("damaged.safetensors"));
    }

    private void UseBox(string file)
    {
        AppContext.SetData(BoxSetting, file);
        Environment.SetEnvironmentVariable("RESNEST_CACHE", _folder);
    }

    private static JsonElement Classified(params string[] arguments)
    {
        var result = CommandResult.Run(["classify", Cat, "--json", "--top", "10", .. arguments]);
        Assert.That(result.ExitCode, Is.Zero, result.Error);
        return result.Json;
    }

    private static string[] Names(JsonElement result) =>
        [.. result.GetProperty("pictures")[0].GetProperty("classes").EnumerateArray().Select(entry => entry.GetProperty("name").GetString()!)];

    private static double[] Logits(JsonElement result) =>
        [.. result.GetProperty("pictures")[0].GetProperty("classes").EnumerateArray().OrderBy(entry => entry.GetProperty("index").GetInt32()).Select(entry => entry.GetProperty("logit").GetDouble())];
}
