using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ResNeSt.Conformance;
using ResNeSt.Tensors;

namespace ResNeSt.Weights.Tests;

/// <summary>Files that torch 1.13 and 2.14 wrote.</summary>
internal sealed class PthTorchFilesTests
{
    // Hashes of every name, a zero byte and the bytes, in order, made by the Python reader beside the hostile corpus.
    private static readonly Dictionary<string, string> OtherReader = new()
    {
        ["tiny_r2_c1"] = "099cdf9bdfd61060f01e5484a44332f6c8b4ed9429e4de6b14e17ccbe70ce065",
        ["tiny_r1_c4_avdfirst_bw24"] = "d9849526031545083c5bc1969f185967fc73e98d3554e8249ff537394ae6d09b",
    };

    private static IEnumerable<string> Written(string pattern) => Directory.EnumerateFiles(TestData.Folder("torch_files"), pattern).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Mixed => Written("*_mixed_*.pth").Concat(Written("*_proto4_*.pth"));

    private static IEnumerable<string> Checkpoints => Written("*_checkpoint_*.pth");

    private static IEnumerable<string> Unsafe => Written("*_unsafe_global_*.pth");

    private static IEnumerable<string> Cut => Written("truncated_*.pth");

    // Folders given for a run may hold more than the repository's.
    private static IEnumerable<string> Others => Written("*.pth").Except(Mixed).Except(Checkpoints).Except(Unsafe).Except(Cut).DefaultIfEmpty(Mixed.First());

    private static IEnumerable<string> Nets => Directory.EnumerateDirectories(TestData.Folder("torch_nets")).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal);

    private static JsonElement[] Expected => [.. TestData.Json("torch_files", "mixed_expected.json").EnumerateArray()];

    [Test]
    public void Corpus_EveryFamily_IsThere()
        => Assert.That(new[] { Mixed, Checkpoints, Unsafe, Cut, Nets }, Has.All.Matches<IEnumerable<string>>(family => family!.Any()));

    [TestCaseSource(nameof(Others))]
    public void Open_FileOfNoKnownFamily_IsReadOrRefused(string name)
    {
        try
        {
            Assert.That(PthFile.ReadAll(TestData.File("torch_files", name)), Is.Not.Empty);
        }
        catch (DataFileException refusal)
        {
            HostileCorpus.CheckMessage(refusal, TestData.File("torch_files", name));
        }
    }

    [TestCaseSource(nameof(Mixed))]
    public void Open_MixedTensors_GivesExpectedValues(string name)
    {
        var read = PthFile.ReadAll(TestData.File("torch_files", name));
        Assert.That(read.Keys, Is.EqualTo(Expected.Select(tensor => tensor.GetProperty("key").GetString())));
        foreach (var expected in Expected)
            CheckTensor(read[expected.GetProperty("key").GetString()!], expected);
    }

    [TestCaseSource(nameof(Checkpoints))]
    public void Open_NestedCheckpoint_JoinsKeys(string name)
    {
        var read = PthFile.ReadAll(TestData.File("torch_files", name));
        Assert.That(read.Keys, Is.EqualTo(["state_dict.module.a.weight", "state_dict.module.a.bias"]));
        CheckTensor(read["state_dict.module.a.weight"], Expected.Single(tensor => tensor.GetProperty("key").GetString() == "a.weight"));
        CheckTensor(read["state_dict.module.a.bias"], Expected.Single(tensor => tensor.GetProperty("key").GetString() == "a.bias"));
    }

    [TestCaseSource(nameof(Unsafe))]
    public void Open_DisallowedGlobal_NamesIt(string name)
    {
        var refusal = Assert.Throws<DataFileException>(() => WeightFile.Open(TestData.File("torch_files", name)))!;
        Assert.Multiple(() =>
        {
            Assert.That(refusal.Kind, Is.EqualTo(DataFileErrorKind.ForbiddenGlobal));
            Assert.That(refusal.Message, Does.Contain("posix.getcwd"));
            Assert.That(refusal.Offset, Is.Not.Null);
        });
    }

    [TestCaseSource(nameof(Cut))]
    public void Open_CutFile_IsRefused(string name)
    {
        var refusal = Assert.Throws<DataFileException>(() => WeightFile.Open(TestData.File("torch_files", name)))!;
        Assert.That(refusal.Kind, Is.EqualTo(name.Contains("zip", StringComparison.Ordinal) ? DataFileErrorKind.BadArchive : DataFileErrorKind.Truncated));
    }

    [TestCaseSource(nameof(Nets))]
    public void Open_SmallNet_GivesTheBytesOfTheOtherReader(string net)
    {
        foreach (string kind in (string[])["zip", "legacy"])
        {
            using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var (name, (_, bytes)) in PthFile.ReadAll(NetFile(net, kind)))
            {
                sha.AppendData(Encoding.UTF8.GetBytes(name + "\0"));
                sha.AppendData(bytes);
            }

            string hash = Convert.ToHexStringLower(sha.GetHashAndReset());
            Assert.That(hash, Is.EqualTo(OtherReader.GetValueOrDefault(net, hash)), kind);
        }
    }

    [TestCaseSource(nameof(Nets))]
    public void Open_SmallNet_ListsEveryKey(string net)
    {
        var zip = PthFile.ReadAll(NetFile(net, "zip"));
        var legacy = PthFile.ReadAll(NetFile(net, "legacy"));
        var keys = Case(net).GetProperty("weights").GetProperty("keys").EnumerateArray().ToArray();
        Assert.That(zip.Keys, Is.EqualTo(keys.Select(key => key[0].GetString())));
        Assert.That(legacy.Keys, Is.EqualTo(zip.Keys));
        foreach (var key in keys)
        {
            string name = key[0].GetString()!;
            Assert.Multiple(() =>
            {
                Assert.That(zip[name].Entry.Shape, Is.EqualTo(key[1].EnumerateArray().Select(extent => extent.GetInt64())), name);
                Assert.That(zip[name].Entry.DType, Is.EqualTo(TypeOf(key[2].GetString()!)), name);
                Assert.That(legacy[name].Bytes.AsSpan().SequenceEqual(zip[name].Bytes), name);
            });
        }
    }

    [Test]
    public void TryMap_TorchZip_MapsEveryPackedTensor()
    {
        using var file = WeightFile.Open(NetFile(Nets.First(), "zip"));
        foreach (var entry in file.Entries)
        {
            Assert.That(file.TryMap(entry, out var mapped), Is.True, entry.Name);
            byte[] copied = new byte[entry.ByteLength];
            file.CopyTo(entry, copied);
            Assert.That(mapped.SequenceEqual(copied), Is.True, entry.Name);
        }
    }

    private static JsonElement Case(string net) => TestData.Json("torch_nets", Path.Combine(net, "case.json"));

    private static string NetFile(string net, string kind) => TestData.File("torch_nets", Path.Combine(net, Case(net).GetProperty("weights").GetProperty(kind).GetString()!));

    private static void CheckTensor((WeightEntry Entry, byte[] Bytes) read, JsonElement expected)
    {
        var dtype = TypeOf(expected.GetProperty("dtype").GetString()!);
        byte[] values = [.. expected.GetProperty("values").EnumerateArray().SelectMany(value => Bytes(dtype, value.GetDouble()))];
        Assert.Multiple(() =>
        {
            Assert.That(read.Entry.DType, Is.EqualTo(dtype), read.Entry.Name);
            Assert.That(read.Entry.Shape, Is.EqualTo(expected.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64())), read.Entry.Name);
            Assert.That(read.Bytes, Is.EqualTo(values), read.Entry.Name);
        });
    }

    private static byte[] Bytes(WeightDType dtype, double value) => dtype switch
    {
        WeightDType.F32 => BitConverter.GetBytes((float)value),
        WeightDType.F64 => BitConverter.GetBytes(value),
        WeightDType.F16 => BitConverter.GetBytes((System.Half)value),
        WeightDType.BF16 => BitConverter.GetBytes((float)value)[2..],
        WeightDType.I64 => BitConverter.GetBytes((long)value),
        WeightDType.I32 => BitConverter.GetBytes((int)value),
        _ => [(byte)value],
    };

    private static WeightDType TypeOf(string name) => name switch
    {
        "float32" => WeightDType.F32,
        "float64" => WeightDType.F64,
        "float16" => WeightDType.F16,
        "bfloat16" => WeightDType.BF16,
        "int64" => WeightDType.I64,
        "int32" => WeightDType.I32,
        "uint8" => WeightDType.U8,
        "bool" => WeightDType.Bool,
        _ => throw new ArgumentException(name),
    };
}
