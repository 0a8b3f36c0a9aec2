using System.Security.Cryptography;
using ResNeSt.Conformance;

namespace ResNeSt.Weights.Tests;

internal sealed class ConverterInspectAndDiffTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void SetUp() => _folder = new TemporaryFolder();

    [TearDown]
    public void TearDown() => _folder.Dispose();

    [Test]
    public void Inspect_Text_ListsEveryTensorOnALine()
    {
        var run = ConverterRun.Of("inspect", TestData.File("torch_files", "mixed.safetensors"));
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        string[] lines = run.Output.TrimEnd('\n').Split('\n');
        Assert.That(lines, Has.Length.EqualTo(3 + 6));
        Assert.That(lines[0], Does.EndWith("safetensors, 6 tensors, 600 bytes"));
        Assert.That(lines[1], Is.EqualTo($"sha256 {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(TestData.File("torch_files", "mixed.safetensors"))))}"));
        Assert.That(lines[2], Is.EqualTo("metadata format = pt"));
        Assert.That(lines[3].Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(4), Is.EqualTo((string[])["a.weight", "F32", "[2,3,2,2]", "96"]));
    }

    [Test]
    public void Inspect_Json_HasNamesTypesShapesBytesHashes()
    {
        string path = TestData.File("torch_files", "t113_mixed_zip.pth");
        var run = ConverterRun.Of("inspect", path, "--json");
        Assert.That(run.ExitCode, Is.Zero);
        using var file = WeightFile.Open(path);
        Assert.That(run.Json.GetProperty("format").GetString(), Is.EqualTo("pth-zip"));
        Assert.That(run.Json.GetProperty("bytes").GetInt64(), Is.EqualTo(new FileInfo(path).Length));
        var tensors = run.Json.GetProperty("tensors").EnumerateArray().ToArray();
        Assert.That(tensors, Has.Length.EqualTo(file.Entries.Count));
        foreach (var (tensor, entry) in tensors.Zip(file.Entries))
        {
            Assert.That(tensor.GetProperty("name").GetString(), Is.EqualTo(entry.Name));
            Assert.That(tensor.GetProperty("dtype").GetString(), Is.EqualTo(entry.DTypeName));
            Assert.That(tensor.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64()), Is.EqualTo(entry.Shape));
            Assert.That(tensor.GetProperty("bytes").GetInt64(), Is.EqualTo(entry.ByteLength));
            Assert.That(tensor.GetProperty("sha256").GetString(), Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(file.Read(entry)))));
        }
    }

    [Test]
    public void Inspect_NamesWithTerminalEscapes_ArePrintedEscaped()
    {
        string path = _folder.Write("evil.safetensors", SafetensorsBytes.Written(
            [WeightSource.FromBytes("w\u001b[31m\r\n\u0000\u202Ex", WeightDType.U8, [1], new byte[1])], new Dictionary<string, string> { ["\u001b]0;k\u0007"] = "\u001b[2Jv" }));
        var run = ConverterRun.Of("inspect", path);
        Assert.That(run.Output.Replace("\n", ""), Has.None.Matches<char>(c => char.IsControl(c) || c == '\u202E'));
        Assert.That(run.Output, Does.Contain("w\\u001b[31m\\u000d\\u000a\\u0000\\u202ex"));
        Assert.That(ConverterRun.Of("inspect", path, "--json").Json.GetProperty("tensors")[0].GetProperty("name").GetString(), Is.EqualTo("w\u001b[31m\r\n\u0000\u202Ex"));
    }

    [Test]
    public void Inspect_UnknownType_IsListedWithoutHash()
    {
        string path = _folder.Write("new.safetensors", SafetensorsBytes.File("""{"w":{"dtype":"F128","shape":[1],"data_offsets":[0,16]}}        """, new byte[16]));
        var run = ConverterRun.Of("inspect", path, "--json");
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Json.GetProperty("tensors")[0].GetProperty("dtype").GetString(), Is.EqualTo("F128"));
        Assert.That(run.Json.GetProperty("tensors")[0].GetProperty("sha256").ValueKind, Is.EqualTo(System.Text.Json.JsonValueKind.Null));
        Assert.That(ConverterRun.Of("inspect", path).Output, Does.Contain("cannot be loaded"));
        Assert.That(ConverterRun.Of(path, _folder.File("out.safetensors"), "--json").Json.GetProperty("error").GetProperty("kind").GetString(), Is.EqualTo("UnsupportedDType"));
    }

    [Test]
    public void Diff_SameValuesInTwoFormats_IsZero()
    {
        var run = ConverterRun.Of("diff", TestData.File("torch_files", "t113_mixed_zip.pth"), TestData.File("torch_files", "t214_mixed_legacy.pth"), "--tolerance", "0");
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Output, Does.StartWith("17 tensors equal, 0 differ"));
    }

    [Test]
    public void Diff_Differences_AreMeasuredPerTensor()
    {
        string a = Write("a.safetensors", ("same", [1, 2]), ("moved", [1, 2, 3]), ("nan", [float.NaN, 1]), ("lost", [float.NaN, 1]), ("shape", [1]), ("onlya", [1]));
        string b = Write("b.safetensors", ("same", [1, 2]), ("moved", [1, 2.5f, 1]), ("nan", [float.NaN, 1]), ("lost", [0, 1]), ("shape", [1, 2]), ("onlyb", [1]));
        var run = ConverterRun.Of("diff", a, b, "--json");
        Assert.That(run.ExitCode, Is.Zero, "without --tolerance a comparison only reports");
        var tensors = run.Json.GetProperty("tensors").EnumerateArray().ToDictionary(tensor => tensor.GetProperty("name").GetString()!);
        Assert.That(tensors["same"].GetProperty("largest").GetDouble(), Is.Zero);
        Assert.That(tensors["moved"].GetProperty("largest").GetDouble(), Is.EqualTo(2));
        Assert.That(tensors["moved"].GetProperty("index").GetInt32(), Is.EqualTo(2));
        Assert.That(tensors["moved"].GetProperty("different").GetInt32(), Is.EqualTo(2));
        Assert.That(tensors["nan"].GetProperty("largest").GetDouble(), Is.Zero);
        Assert.That(tensors["lost"].GetProperty("largest").ValueKind, Is.EqualTo(System.Text.Json.JsonValueKind.Null));
        Assert.That(tensors["shape"].GetProperty("reason").GetString(), Does.Contain("[1]").And.Contain("[2]"));
        Assert.That(run.Json.GetProperty("onlyA")[0].GetString(), Is.EqualTo("onlya"));
        Assert.That(run.Json.GetProperty("onlyB")[0].GetString(), Is.EqualTo("onlyb"));
        Assert.That(ConverterRun.Of("diff", a, b).Output, Does.Contain("moved").And.Contain("only in").And.Contain("2 tensors equal, 3 differ"));
        Assert.That(ConverterRun.Of("diff", a, b, "--tolerance", "1000").ExitCode, Is.EqualTo(5));
    }

    [Test]
    public void Diff_Rounding_IsWithinItsToleranceOnly()
    {
        string a = Write("a.safetensors", ("w", [0.1f, 100.03f]));
        string b = _folder.File("b.safetensors");
        ConverterRun.Of(a, b, "--to", "f16");
        Assert.That(ConverterRun.Of("diff", a, b, "--tolerance", "0.03").ExitCode, Is.Zero);
        Assert.That(ConverterRun.Of("diff", a, b, "--tolerance", "0.001").ExitCode, Is.EqualTo(5));
        Assert.That(ConverterRun.Of("diff", a, b, "--tolerance", "-1").ExitCode, Is.EqualTo(2));
        Assert.That(ConverterRun.Of("diff", a, b, "--tolerance", "NaN").ExitCode, Is.EqualTo(2));
    }

    [Test]
    public void Diff_WrappedNames_MeetTheirPlainOnes()
    {
        string a = Write("a.safetensors", ("state_dict.module.layer1.0.bn1.weight", [1]), ("state_dict.module.fc.bias", [2]));
        string b = Write("b.safetensors", ("layer1.0.bn1.weight", [1]), ("fc.bias", [2]));
        Assert.That(ConverterRun.Of("diff", a, b, "--tolerance", "0").ExitCode, Is.Zero);
    }

    [Test]
    public void Diff_WideIntegers_AreNotRoundedAway()
    {
        string a = _folder.Write("a.safetensors", SafetensorsBytes.Written([WeightSource.FromBytes("n", WeightDType.I64, [1], BitConverter.GetBytes((1L << 40) + 1))]));
        string b = _folder.Write("b.safetensors", SafetensorsBytes.Written([WeightSource.FromBytes("n", WeightDType.I64, [1], BitConverter.GetBytes(1L << 40))]));
        Assert.That(ConverterRun.Of("diff", a, b, "--json").Json.GetProperty("largest").GetDouble(), Is.EqualTo(1));
    }

    private string Write(string name, params (string Name, float[] Values)[] tensors)
    {
        SafetensorsWriter.Write(_folder.File(name), tensors.Select(tensor => WeightSource.FromSingles(tensor.Name, [tensor.Values.Length], tensor.Values)));
        return _folder.File(name);
    }
}
