using System.Security.Cryptography;
using ResNeSt.Conformance;
using ResNeSt.Tensors;

namespace ResNeSt.Weights.Tests;

internal sealed class ConverterConvertTests
{
    private TemporaryFolder _folder = null!;

    private string Out => _folder.File("out.safetensors");

    [SetUp]
    public void SetUp() => _folder = new TemporaryFolder();

    [TearDown]
    public void TearDown() => _folder.Dispose();

    [TestCase("t113_mixed_zip.pth")]
    [TestCase("t113_mixed_legacy.pth")]
    [TestCase("t214_mixed_zip.pth")]
    [TestCase("t214_proto4_zip.pth")]
    [TestCase("mixed.safetensors")]
    public void Convert_FileOfTorch_KeepsNamesTypesAndValues(string name)
    {
        string path = TestData.File("torch_files", name);
        var run = ConverterRun.Of(path, Out);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Output, Does.Contain("tensors").And.Contain(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Out)))));
        using var from = WeightFile.Open(path);
        using var to = WeightFile.Open(Out);
        Assert.That(to.Metadata, Is.EqualTo(new Dictionary<string, string> { ["format"] = "pt" }));
        Assert.That(to.Entries.Select(entry => entry.ToString()), Is.EquivalentTo(from.Entries.Select(entry => entry.ToString())));
        foreach (var entry in from.Entries)
            Assert.That(to.Read(to[entry.Name]).ToArray(), Is.EqualTo(from.Read(entry).ToArray()), entry.Name);
        Assert.That(Directory.GetFiles(_folder.FullName), Has.Length.EqualTo(1), "nothing but OUT stays");
    }

    [Test]
    public void Convert_SafetensorsAgain_IsTheSameBytes()
    {
        string path = WriteSafetensors("in.safetensors", ("b", 2), ("a", 3));
        ConverterRun.Of(path, Out);
        Assert.That(File.ReadAllBytes(Out), Is.EqualTo(File.ReadAllBytes(path)));
    }

    [Test]
    public void Convert_ExistingOut_NeedsForce()
    {
        string path = WriteSafetensors("in.safetensors", ("a", 3));
        File.WriteAllText(Out, "mine");
        var refused = ConverterRun.Of(path, Out);
        Assert.That(refused.ExitCode, Is.EqualTo(1));
        Assert.That(refused.Error, Does.StartWith("error: ").And.Contain("--force"));
        Assert.That(File.ReadAllText(Out), Is.EqualTo("mine"));
        Assert.That(ConverterRun.Of(path, Out, "--force").ExitCode, Is.Zero);
        Assert.That(File.ReadAllBytes(Out), Is.EqualTo(File.ReadAllBytes(path)));
    }

    [Test]
    public void Convert_RefusedInput_LeavesOutAsItWas()
    {
        File.WriteAllText(Out, "mine");
        Assert.That(ConverterRun.Of(TestData.File("torch_files", "truncated_zip.pth"), Out, "--force").ExitCode, Is.EqualTo(3));
        Assert.That(File.ReadAllText(Out), Is.EqualTo("mine"));
        Assert.That(Directory.GetFiles(_folder.FullName), Has.Length.EqualTo(1));
    }

    [Test]
    public void Convert_DryRun_WritesNothing()
    {
        var run = ConverterRun.Of(WriteSafetensors("in.safetensors", ("a", 3)), Out, "--dry-run", "--json");
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Json.GetProperty("output").GetProperty("written").GetBoolean(), Is.False);
        Assert.That(File.Exists(Out), Is.False);
    }

    [Test]
    public void Convert_Json_IsOneDocument()
    {
        var document = ConverterRun.Of(TestData.File("torch_files", "t214_checkpoint_zip.pth"), Out, "--to", "pth-names", "--json").Json;
        Assert.That(document.GetProperty("version").GetInt32(), Is.EqualTo(1));
        Assert.That(document.GetProperty("command").GetString(), Is.EqualTo("convert"));
        Assert.That(document.GetProperty("input").GetProperty("format").GetString(), Is.EqualTo("pth-zip"));
        Assert.That(document.GetProperty("output").GetProperty("tensors").GetInt32(), Is.EqualTo(2));
        Assert.That(document.GetProperty("output").GetProperty("sha256").GetString(), Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Out)))));
        Assert.That(document.GetProperty("names").GetProperty("wrapper").GetString(), Is.EqualTo("state_dict.module."));
        Assert.That(document.GetProperty("warnings").GetArrayLength(), Is.Zero);
        using var file = WeightFile.Open(Out);
        Assert.That(file.Entries.Select(entry => entry.Name), Is.EqualTo((string[])["a.bias", "a.weight"]));
    }

    [TestCase("f16", WeightDType.F16)]
    [TestCase("bf16", WeightDType.BF16)]
    public void Convert_To16Bits_ConvertsFloatsOnly(string to, WeightDType dtype)
    {
        string path = TestData.File("torch_files", "t113_mixed_zip.pth");
        Assert.That(ConverterRun.Of(path, Out, "--to", to).ExitCode, Is.Zero);
        using var from = WeightFile.Open(path);
        using var file = WeightFile.Open(Out);
        foreach (var entry in from.Entries)
        {
            var written = file[entry.Name];
            Assert.That(written.DType, Is.EqualTo(entry.DType.IsFloatingPoint ? dtype : entry.DType), entry.Name);
            // The values of these files are short enough for 16 bits.
            Assert.That(file.ReadSingles(written), Is.EqualTo(from.ReadSingles(entry)), entry.Name);
        }
    }

    [Test]
    public void Convert_BeyondTheRangeOfF16_Warns()
    {
        SafetensorsWriter.Write(_folder.File("in.safetensors"), [WeightSource.FromSingles("big", [3], new float[] { 1, 1e6f, -70000 })]);
        var run = ConverterRun.Of(_folder.File("in.safetensors"), Out, "--to", "f16");
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Error, Does.StartWith("warning: ").And.Contain("'big'").And.Contain("2 values"));
        Assert.That(ConverterRun.Of(_folder.File("in.safetensors"), Out, "--to", "f16", "--force", "--quiet").Error, Is.Empty);
        Assert.That(ConverterRun.Of(_folder.File("in.safetensors"), Out, "--to", "f16", "--force", "--json").Json.GetProperty("warnings")[0].GetString(), Does.Contain("2 values"));
    }

    [Test]
    public void Convert_GluonNames_BecomeOfficialWhereAsked()
    {
        var official = KeyInventory.Read("timm_resnest14d");
        var gluon = NameMap.Find("gluon")!.FromOfficial([.. official.Keys]);
        SafetensorsWriter.Write(_folder.File("in.safetensors"), KeyInventory.Zeros(gluon.Zip(official.Values, KeyValuePair.Create)));
        Assert.That(ConverterRun.Of(_folder.File("in.safetensors"), Out, "--to", "pth-names", "--to", "bf16").ExitCode, Is.Zero);
        using var file = WeightFile.Open(Out);
        Assert.That(file.Entries.Select(entry => entry.Name), Is.EquivalentTo(official.Keys));
        Assert.That(ConverterRun.Of(_folder.File("in.safetensors"), Out, "--map", "torch", "--force").ExitCode, Is.Zero);
        using var kept = WeightFile.Open(Out);
        Assert.That(kept.Entries.Select(entry => entry.Name), Is.EquivalentTo(gluon));
    }

    [Test]
    public void Convert_Model_WritesExactlyItsTensors()
    {
        var official = KeyInventory.Read("timm_resnest14d");
        var checkpoint = official.Select(pair => KeyValuePair.Create("state_dict.module." + pair.Key, pair.Value)).Append(KeyValuePair.Create("state_dict.module.aux.weight", Shape.Create([1])))
            .Append(KeyValuePair.Create("optimizer.state.0.momentum_buffer", Shape.Create([1])));
        SafetensorsWriter.Write(_folder.File("in.safetensors"), KeyInventory.Zeros(checkpoint));
        var run = ConverterRun.Of(_folder.File("in.safetensors"), Out, "--model", "resnest14", "--json");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Json.GetProperty("model").GetProperty("matched").GetInt32(), Is.EqualTo(official.Count));
        Assert.That(run.Json.GetProperty("model").GetProperty("unexpected")[0].GetString(), Is.EqualTo("state_dict.module.aux.weight"));
        Assert.That(run.Json.GetProperty("names").GetProperty("leftOut").GetArrayLength(), Is.EqualTo(2));
        Assert.That(run.Error, Does.Contain("warning: 1 tensors are not of this model"));
        using var file = WeightFile.Open(Out);
        Assert.That(file.Entries.Select(entry => entry.Name), Is.EquivalentTo(official.Keys));
    }

    [Test]
    public void Convert_Average_IsTakenWhereAsked()
    {
        SafetensorsWriter.Write(_folder.File("in.safetensors"),
            [WeightSource.FromSingles("state_dict.fc.weight", [1], new float[] { 1 }), WeightSource.FromSingles("state_dict_ema.fc.weight", [1], new float[] { 2 })]);
        Assert.That(ConverterRun.Of(_folder.File("in.safetensors"), Out, "--to", "pth-names").Error, Does.Contain("--ema"));
        using (var plain = WeightFile.Open(Out))
            Assert.That(plain.ReadSingles(plain["fc.weight"]), Is.EqualTo((float[])[1]));
        Assert.That(ConverterRun.Of(_folder.File("in.safetensors"), Out, "--ema", "--force").Error, Is.Empty);
        using var average = WeightFile.Open(Out);
        Assert.That(average.ReadSingles(average["fc.weight"]), Is.EqualTo((float[])[2]));
    }

    [Test]
    public void Convert_StandardStreams_CarryTheBytes()
    {
        var bytes = File.ReadAllBytes(TestData.File("torch_files", "t113_mixed_legacy.pth"));
        using var output = new MemoryStream();
        var run = ConverterRun.Of(new MemoryStream(bytes), output, default, "-", "-");
        Assert.That((run.ExitCode, run.Output, run.Error), Is.EqualTo((0, "", "")));
        ConverterRun.Of(TestData.File("torch_files", "t113_mixed_legacy.pth"), Out);
        Assert.That(output.ToArray(), Is.EqualTo(File.ReadAllBytes(Out)));
    }

    [Test]
    public void Convert_StandardInputRefused_IsNamedAsTheUserDid()
    {
        var run = ConverterRun.Of(new MemoryStream("<html>"u8.ToArray()), Stream.Null, default, "-", Out, "--json");
        Assert.That(run.ExitCode, Is.EqualTo(3));
        Assert.That(run.Json.GetProperty("error").GetProperty("file").GetString(), Is.EqualTo("-"));
        Assert.That(run.Error, Does.StartWith("error: -, byte 0: "));
    }

    [Test]
    public void Convert_Cancelled_Ends130AndLeavesNothing()
    {
        var run = ConverterRun.Of(Stream.Null, Stream.Null, new CancellationToken(canceled: true), WriteSafetensors("in.safetensors", ("a", 3)), Out);
        Assert.That(run.ExitCode, Is.EqualTo(130));
        Assert.That(Directory.GetFiles(_folder.FullName), Has.Length.EqualTo(1));
    }

    [Test]
    public void Convert_LargeFile_HoldsPiecesOnlyAndTakesUnderTwoSeconds()
    {
        // As ResNeSt-50: 110 MB, the largest tensor 8 MB.
        string path = _folder.File("in.safetensors");
        SafetensorsWriter.Write(path, Enumerable.Range(0, 14).Select(i => WeightSource.FromSingles($"layer1.{i}.conv1.weight", [2048, 1024], new float[2048 * 1024])));
        foreach (string[] options in new string[][] { [], ["--to", "bf16"] })
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            var start = Environment.CpuUsage.TotalTime;
            var run = ConverterRun.Of([path, Out, "--force", .. options]);
            // Processor time, all threads together: what else the machine does is not the converter's.
            var spent = Environment.CpuUsage.TotalTime - start;
            Assert.That(run.ExitCode, Is.Zero, run.Error);
            Assert.That(GC.GetTotalAllocatedBytes(precise: true) - before, Is.LessThan(8L + 64 << 20), "all that was ever allocated, though most was dropped again");
            Assert.That(spent.TotalSeconds, Is.LessThan(2));
        }
    }

    private string WriteSafetensors(string name, params (string Name, int Count)[] tensors)
    {
        SafetensorsWriter.Write(_folder.File(name), tensors.Select(tensor => WeightSource.FromSingles(tensor.Name, [tensor.Count], new float[tensor.Count])));
        return _folder.File(name);
    }
}
