using System.Buffers.Binary;
using System.Text;
using ResNeSt.Conformance;
using ResNeSt.Tensors;

namespace ResNeSt.Weights.Tests;

internal sealed class SafetensorsFileTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void SetUp() => _folder = new TemporaryFolder();

    [TearDown]
    public void TearDown() => _folder.Dispose();

    [Test]
    public void Open_FileOfTorch_GivesExpectedValues()
    {
        using var file = WeightFile.Open(TestData.File("torch_files", "mixed.safetensors"));
        Assert.That(file.Metadata, Is.EqualTo(new Dictionary<string, string> { ["format"] = "pt" }));
        Assert.That(file.Entries.Select(entry => entry.Name), Is.EqualTo((string[])["a.weight", "a.bias", "scalar", "f16", "bf16", "n"]));
        foreach (var expected in TestData.Json("torch_files", "mixed_expected.json").EnumerateArray())
        {
            if (!file.TryGetEntry(expected.GetProperty("key").GetString()!, out var entry))
                continue;
            Assert.That(entry.Shape, Is.EqualTo(expected.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64())), entry.Name);
            Assert.That(file.ReadSingles(entry), Is.EqualTo(expected.GetProperty("values").EnumerateArray().Select(value => value.GetSingle())), entry.Name);
        }
    }

    [Test]
    public void Read_Aligned_IsTheMappedFile()
    {
        using var file = Open(SafetensorsBytes.Written([WeightSource.FromSingles("w", [3], new float[] { 1, 2, 3 })]));
        Assert.That(file.TryMap(file["w"], out var first));
        Assert.That(file.TryMap(file["w"], out var second));
        Assert.That(first == second, "two views of one mapping are the same memory");
        Assert.That(first.ToArray(), Is.EqualTo(file.Read(file["w"]).ToArray()));
    }

    [Test]
    public void Read_Mapped_AllocatesNothingOfTheTensorsSize()
    {
        using var file = Open(SafetensorsBytes.Written([WeightSource.FromSingles("w", [1 << 20], new float[1 << 20])]));
        file.TryMap(file["w"], out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        int length = file.Read(file["w"]).Length;
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1024));
        Assert.That(length, Is.EqualTo(4 << 20));
    }

    [Test]
    public void Read_Unaligned_IsACopy()
    {
        using var file = Open(SafetensorsBytes.File("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}""".PadRight(112), 7, 0, 0, 128, 63));
        Assert.That(file.TryMap(file["w"], out _), Is.False);
        Assert.That(file.Read(file["w"]).ToArray(), Is.EqualTo((byte[])[0, 0, 128, 63]));
        Assert.That(file.ReadSingles(file["w"]), Is.EqualTo((float[])[1f]));
        Assert.That(file.TryMap(file["a"], out var bytes));
        Assert.That(bytes.ToArray(), Is.EqualTo((byte[])[7]));
    }

    [Test]
    public void CopyRange_Middle_GivesThatPart()
    {
        using var file = Open(SafetensorsBytes.Written([WeightSource.FromSingles("w", [5], new float[] { 0, 1, 2, 3, 4 })]));
        var part = new byte[8];
        file.CopyRange(file["w"], 4, part);
        Assert.That(BinaryPrimitives.ReadSingleLittleEndian(part), Is.EqualTo(1));
        Assert.That(BinaryPrimitives.ReadSingleLittleEndian(part.AsSpan(4)), Is.EqualTo(2));
    }

    [TestCase(-4, 4)]
    [TestCase(2, 4)]
    [TestCase(0, 3)]
    [TestCase(16, 8)]
    [TestCase(24, 4)]
    public void CopyRange_OutsideOrCutElements_Throws(long offset, int count)
    {
        using var file = Open(SafetensorsBytes.Written([WeightSource.FromSingles("w", [5], new float[5])]));
        Assert.That(() => file.CopyRange(file["w"], offset, new byte[count]), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void CopyTo_ShortDestination_Throws()
    {
        using var file = Open(SafetensorsBytes.Written([WeightSource.FromSingles("w", [5], new float[5])]));
        Assert.That(() => file.CopyTo(file["w"], new byte[19]), Throws.ArgumentException);
        Assert.That(() => file.ReadSingles(file["w"], new float[4]), Throws.ArgumentException);
    }

    [Test]
    public void Read_EntryOfAnotherFile_Throws()
    {
        var bytes = SafetensorsBytes.Written([WeightSource.FromSingles("w", [1], new float[1])]);
        using var file = Open(bytes);
        using var other = Open(bytes, "other.safetensors");
        Assert.That(() => file.Read(other["w"]), Throws.ArgumentException.With.Message.Contains("another file"));
    }

    [Test]
    public void Indexer_UnknownName_SaysSo()
    {
        using var file = Open(SafetensorsBytes.Written([]));
        Assert.That(() => file["x\u001b"], Throws.TypeOf<KeyNotFoundException>().With.Message.Contains("'x\\u001b'"));
    }

    [Test]
    public void Read_AfterDispose_Throws()
    {
        var file = Open(SafetensorsBytes.Written([WeightSource.FromSingles("w", [1], new float[1])]));
        file.Dispose();
        Assert.That(() => file.Read(file["w"]), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => file.CopyTo(file["w"], new byte[4]), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(file.Dispose, Throws.Nothing);
    }

    [Test]
    public void Read_FileShortenedAfterOpen_IsRefused()
    {
        string path = _folder.Write("w.safetensors", SafetensorsBytes.Written([WeightSource.FromSingles("w", [1000], new float[1000])]));
        using var file = SafetensorsFile.Open(path);
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
            stream.SetLength(100);
        Assert.That(() => file.CopyTo(file["w"], new byte[4000]), Throws.TypeOf<DataFileException>().With.Property("Kind").EqualTo(DataFileErrorKind.Truncated));
        Assert.That(() => file.Read(file["w"]).Length, Throws.TypeOf<DataFileException>().With.Property("Kind").EqualTo(DataFileErrorKind.Truncated));
    }

    [Test]
    public void Read_ManyThreads_SeeTheSameValues()
    {
        using var file = Open(SafetensorsBytes.Written(Enumerable.Range(0, 64).Select(i => WeightSource.FromSingles($"w{i}", [1000], Enumerable.Repeat((float)i, 1000).ToArray()))));
        Parallel.For(0, 256, i =>
        {
            var entry = file[$"w{i % 64}"];
            Assert.That(file.ReadSingles(entry), Is.All.EqualTo((float)(i % 64)));
            Assert.That(file.Read(entry).ToArray(), Is.EqualTo(new ReadOnlySpan<byte>([.. file.Read(entry)]).ToArray()));
        });
    }

    [Test]
    public void Open_UnknownType_IsListedAndNotLoaded()
    {
        using var file = Open(SafetensorsBytes.File("""{"w":{"dtype":"F\u001b12","shape":[2,2],"data_offsets":[0,3]}}     """, 1, 2, 3));
        var entry = file["w"];
        Assert.That(entry.DType, Is.EqualTo(WeightDType.Unknown));
        Assert.That(entry.DTypeName, Is.EqualTo("F\u001b12"));
        Assert.That(entry.ByteLength, Is.EqualTo(3));
        var read = Assert.Throws<DataFileException>(() => file.Read(entry));
        Assert.That(read!.Kind, Is.EqualTo(DataFileErrorKind.UnsupportedDType));
        Assert.That(read.Message, Does.Contain("'F\\u001b12'").And.Contain("'w'"));
        Assert.That(() => file.ReadSingles(entry), Throws.TypeOf<DataFileException>());
        Assert.That(() => WeightSource.FromFile(file, entry), Throws.TypeOf<DataFileException>());
    }

    [TestCase("""{"w":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}""", DataFileErrorKind.TooLarge)]
    [TestCase("""{"w":{"dtype":"U8","shape":[9223372036854775808,0],"data_offsets":[0,1]}}""", DataFileErrorKind.Overflow)]
    [TestCase("""{"w":{"dtype":"Q9","shape":[9223372036854775807,3],"data_offsets":[0,1]}}""", DataFileErrorKind.Overflow)]
    [TestCase("""{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}""", DataFileErrorKind.BadHeader)]
    [TestCase("""{"w":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}}""", DataFileErrorKind.DuplicateKey)]
    [TestCase("""{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"data_offsets":[0,1]}}""", DataFileErrorKind.DuplicateKey)]
    [TestCase("""{"w":{"dtype":"U8","\u0064type":"I8","shape":[1],"data_offsets":[0,1]}}""", DataFileErrorKind.DuplicateKey)]
    [TestCase("""{"w":["U8",[1],[0,1]]}""", DataFileErrorKind.BadHeader)]
    [TestCase("""{"__metadata__":null,"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", DataFileErrorKind.BadHeader)]
    [TestCase("""{"w":{"dtype":"U8","shape":[-0],"data_offsets":[0,1]}}""", DataFileErrorKind.BadHeader)]
    [TestCase("""{"w":{"dtype":"u8","shape":[1],"data_offsets":[0,1]}} {}""", DataFileErrorKind.BadHeader)]
    [TestCase("""{"w":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}""", DataFileErrorKind.SizeMismatch)]
    [TestCase("", DataFileErrorKind.BadHeader)]
    public void Open_BrokenRule_IsRefusedByKind(string header, DataFileErrorKind kind)
    {
        string path = _folder.Write("w.safetensors", SafetensorsBytes.File(header, 1));
        var refusal = Assert.Throws<DataFileException>(() => SafetensorsFile.Open(path));
        Assert.That(refusal!.Kind, Is.EqualTo(kind), refusal.Message);
        HostileCorpus.CheckMessage(refusal, path);
    }

    [Test]
    public void Open_TooManyTensors_IsRefusedInTime()
    {
        var header = new StringBuilder("{");
        for (int i = 0; i <= 200_000; i++)
            header.Append(i == 0 ? "" : ",").Append($$"""{{'"'}}{{i}}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}""");
        string path = _folder.Write("w.safetensors", SafetensorsBytes.File(header.Append('}').ToString()));
        long before = GC.GetTotalAllocatedBytes(precise: true);
        Assert.That(() => SafetensorsFile.Open(path), Throws.TypeOf<DataFileException>().With.Property("Kind").EqualTo(DataFileErrorKind.TooLarge));
        Assert.That(GC.GetTotalAllocatedBytes(precise: true) - before, Is.LessThan(256L << 20));
    }

    [Test]
    public void Open_HugeClaimedHeader_AllocatesNothing()
    {
        var bytes = new byte[64];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, 100_000_000);
        bytes[8] = (byte)'{';
        string path = _folder.Write("w.safetensors", bytes);
        Assert.That(() => SafetensorsFile.Open(path), Throws.TypeOf<DataFileException>());
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(() => SafetensorsFile.Open(path), Throws.TypeOf<DataFileException>().With.Property("Kind").EqualTo(DataFileErrorKind.Truncated));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
    }

    [Test]
    public void Open_LongMetadataAndNames_IsBoundedByTheFile()
    {
        string text = new('x', 1 << 20);
        using var file = Open(SafetensorsBytes.Written([WeightSource.FromBytes(text, WeightDType.U8, [1], new byte[1])], new Dictionary<string, string> { [text] = text }));
        Assert.That(file.Metadata[text], Is.EqualTo(text));
        Assert.That(file.Entries[0].ToString(), Has.Length.LessThan(200));
    }

    [Test]
    public void ToShape_BeyondTheEngine_IsRefused()
    {
        using var file = Open(SafetensorsBytes.File("""{"z":{"dtype":"F32","shape":[0,9007199254740993],"data_offsets":[0,0]}}       """));
        Assert.That(() => file["z"].ToShape(), Throws.TypeOf<DataFileException>().With.Property("Kind").EqualTo(DataFileErrorKind.TooLarge));
    }

    [Test]
    public void ReadSingles_TypeWithoutFloats_IsRefusedByName()
    {
        using var file = Open(SafetensorsBytes.Written([WeightSource.FromBytes("c", WeightDType.C64, [1], new byte[8]), WeightSource.FromBytes("f4", WeightDType.F4, [2], new byte[1])]));
        foreach (var entry in file.Entries)
            Assert.That(() => file.ReadSingles(entry), Throws.TypeOf<DataFileException>().With.Property("Kind").EqualTo(DataFileErrorKind.UnsupportedDType).And.Message.Contains(entry.DTypeName));
    }

    private SafetensorsFile Open(byte[] bytes, string name = "w.safetensors") => SafetensorsFile.Open(_folder.Write(name, bytes));
}
