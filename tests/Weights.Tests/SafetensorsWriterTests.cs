using System.Text;
using ResNeSt.Tensors;

namespace ResNeSt.Weights.Tests;

/// <summary>Byte-exact vectors, made by hand from the specification of the format.</summary>
internal sealed class SafetensorsWriterTests
{
    private static WeightSource Bytes(string name, WeightDType dtype, long[] shape, params byte[] bytes) => WeightSource.FromBytes(name, dtype, shape, bytes);

    [Test]
    public void Write_NoTensors_IsPaddedEmptyObject()
        => Assert.That(SafetensorsBytes.Written([]), Is.EqualTo((byte[])[8, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}', 32, 32, 32, 32, 32, 32]));

    [Test]
    public void Write_MetadataOnly_ComesFirstAndSorted()
        => Assert.That(SafetensorsBytes.Written([], new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" }),
            Is.EqualTo(SafetensorsBytes.File("""{"__metadata__":{"a":"1","b":"2"}}      """)));

    [Test]
    public void Write_EmptyMetadata_IsWritten()
        => Assert.That(SafetensorsBytes.Written([], new Dictionary<string, string>()), Is.EqualTo(SafetensorsBytes.File("""{"__metadata__":{}}     """)));

    [Test]
    public void Write_HeaderOf64Bytes_NeedsNoPadding()
        => Assert.That(SafetensorsBytes.Written([Bytes("attn.0", WeightDType.F32, [1, 2, 3], new byte[24])]),
            Is.EqualTo(SafetensorsBytes.File("""{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}""", new byte[24])));

    [Test]
    public void Write_HeaderOf65Bytes_IsPaddedTo72()
    {
        var written = SafetensorsBytes.Written([Bytes("attn0", WeightDType.F32, [1, 1, 2, 3], new byte[24])]);
        Assert.That(written, Is.EqualTo(SafetensorsBytes.File("""{"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       """, new byte[24])));
        Assert.That(written[0], Is.EqualTo(72));
    }

    [Test]
    public void Write_Scalar_HasEmptyShape()
        => Assert.That(SafetensorsBytes.Written([Bytes("s", WeightDType.I64, [], 7, 0, 0, 0, 0, 0, 0, 0)]),
            Is.EqualTo(SafetensorsBytes.File("""{"s":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}   """, 7, 0, 0, 0, 0, 0, 0, 0)));

    [Test]
    public void Write_EveryType_DescendsAsTheReference()
    {
        (WeightDType DType, string Name, long Count)[] order =
        [
            (WeightDType.U64, "U64", 1), (WeightDType.I64, "I64", 1), (WeightDType.F64, "F64", 1), (WeightDType.C64, "C64", 1), (WeightDType.F32, "F32", 2),
            (WeightDType.U32, "U32", 2), (WeightDType.I32, "I32", 2), (WeightDType.BF16, "BF16", 4), (WeightDType.F16, "F16", 4), (WeightDType.U16, "U16", 4),
            (WeightDType.I16, "I16", 4), (WeightDType.F8E5M2Fnuz, "F8_E5M2FNUZ", 8), (WeightDType.F8E4M3Fnuz, "F8_E4M3FNUZ", 8), (WeightDType.F8E8M0, "F8_E8M0", 8),
            (WeightDType.F8E4M3, "F8_E4M3", 8), (WeightDType.F8E5M2, "F8_E5M2", 8), (WeightDType.I8, "I8", 8), (WeightDType.U8, "U8", 8),
        ];
        // Sub-byte types: eight bytes hold sixteen F4; F6 need multiples of four.
        (WeightDType DType, string Name, long Count, int Bytes)[] all =
        [
            .. order.Select(item => (item.DType, item.Name, item.Count, 8)),
            (WeightDType.F6E3M2, "F6_E3M2", 4, 3), (WeightDType.F6E2M3, "F6_E2M3", 4, 3), (WeightDType.F4, "F4", 2, 1), (WeightDType.Bool, "BOOL", 1, 1),
        ];
        Assert.That(all.Select(item => item.DType), Is.EquivalentTo(Enum.GetValues<WeightDType>().Where(dtype => dtype != WeightDType.Unknown)));

        var header = new StringBuilder("{");
        var data = new List<byte>();
        foreach (var (_, name, count, bytes) in all)
        {
            header.Append($$"""{{(data.Count == 0 ? "" : ",")}}"x{{name}}":{"dtype":"{{name}}","shape":[{{count}}],"data_offsets":[{{data.Count}},{{data.Count + bytes}}]}""");
            data.AddRange(Enumerable.Repeat((byte)data.Count, bytes));
        }

        header.Append('}');
        header.Append(' ', (8 - header.Length % 8) % 8);
        int offset = 0;
        var sources = new List<WeightSource>();
        foreach (var (dtype, name, count, bytes) in all)
        {
            sources.Insert(0, Bytes("x" + name, dtype, [count], [.. data.Skip(offset).Take(bytes)]));
            offset += bytes;
        }

        Assert.That(SafetensorsBytes.Written(sources), Is.EqualTo(SafetensorsBytes.File(header.ToString(), [.. data])));
    }

    [Test]
    public void Write_NamesOfOneType_SortByUtf8Bytes()
    {
        // As UTF-16 the last two would change places: a surrogate is less than U+FFFD.
        string[] sorted = ["", "A", "a", "a.b", "ab", "é", "\uFFFD", "😀"];
        var written = SafetensorsBytes.Written(sorted.Reverse().Select(name => Bytes(name, WeightDType.U8, [1], (byte)Array.IndexOf(sorted, name))));
        string header = string.Join(",", sorted.Select((name, index) => $$"""{{'"'}}{{name}}":{"dtype":"U8","shape":[1],"data_offsets":[{{index}},{{index + 1}}]}"""));
        int length = Encoding.UTF8.GetByteCount($"{{{header}}}");
        Assert.That(written, Is.EqualTo(SafetensorsBytes.File($"{{{header}}}{new string(' ', (8 - length % 8) % 8)}", 0, 1, 2, 3, 4, 5, 6, 7)));
    }

    [Test]
    public void Write_SpecialCharacters_AreEscapedAsTheReferenceDoes()
        => Assert.That(SafetensorsBytes.Written([Bytes("\"\\/\b\f\n\r\t\u0000\u001f\u007f\u2028<é", WeightDType.U8, [1], 9)]),
            Is.EqualTo(SafetensorsBytes.File("{\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u007f\u2028<é\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}  ", 9)));

    [Test]
    public void Write_EmptyTensors_ShareAnOffset()
        => Assert.That(SafetensorsBytes.Written([Bytes("b", WeightDType.U8, [1], 5), Bytes("a", WeightDType.U8, [0, 3])]),
            Is.EqualTo(SafetensorsBytes.File("""{"a":{"dtype":"U8","shape":[0,3],"data_offsets":[0,0]},"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}     """, 5)));

    [TestCase("__metadata__", DataFileErrorKind.BadName)]
    [TestCase("twice", DataFileErrorKind.BadName)]
    public void Write_BadName_IsRefused(string name, DataFileErrorKind kind)
        => Assert.That(() => SafetensorsBytes.Written([Bytes(name, WeightDType.U8, [1], 1), Bytes("twice", WeightDType.U8, [1], 1)]),
            Throws.TypeOf<DataFileException>().With.Property("Kind").EqualTo(kind));

    // Not a case of the test above: attributes hold UTF-8, which has no half pairs.
    [Test]
    public void Write_HalfSurrogatePair_IsRefused() => Write_BadName_IsRefused("half \ud800 pair", DataFileErrorKind.BadName);

    [Test]
    public void Source_WrongByteCount_Throws()
        => Assert.That(() => Bytes("w", WeightDType.F32, [2, 2], new byte[15]), Throws.ArgumentException.With.Message.Contains("needs 16 bytes, not 15"));

    [Test]
    public void Source_OddCountOfF4_Throws()
        => Assert.That(() => Bytes("w", WeightDType.F4, [3], new byte[2]), Throws.TypeOf<DataFileException>().With.Property("Kind").EqualTo(DataFileErrorKind.SizeMismatch));

    [Test]
    public void Source_Overflow_Throws()
        => Assert.That(() => Bytes("w", WeightDType.F32, [1L << 62, 4, 0]), Throws.TypeOf<DataFileException>().With.Property("Kind").EqualTo(DataFileErrorKind.Overflow));

    [Test]
    public void WriteFile_Existing_IsKeptUnlessOverwritten()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("w.safetensors", [1, 2, 3]);
        Assert.That(() => SafetensorsWriter.Write(path, []), Throws.InstanceOf<IOException>().With.Message.Contains("exists"));
        Assert.That(File.ReadAllBytes(path), Is.EqualTo((byte[])[1, 2, 3]));
        SafetensorsWriter.Write(path, [], options: new SafetensorsWriteOptions { Overwrite = true, Durable = true });
        Assert.That(File.ReadAllBytes(path), Is.EqualTo(SafetensorsBytes.Written([])));
    }

    [Test]
    public void WriteFile_SourceFails_LeavesTheOldFileAndNothingElse()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("w.safetensors", [1, 2, 3]);
        Assert.That(() => SafetensorsWriter.Write(path, [Bytes("a", WeightDType.U8, [1], 1), new Failing()], options: new SafetensorsWriteOptions { Overwrite = true }), Throws.TypeOf<InvalidDataException>());
        Assert.That(Directory.GetFiles(folder.FullName), Is.EqualTo((string[])[path]));
        Assert.That(File.ReadAllBytes(path), Is.EqualTo((byte[])[1, 2, 3]));
    }

    [Test]
    public void WriteFile_Cancelled_LeavesNothing()
    {
        using var folder = new TemporaryFolder();
        Assert.That(() => SafetensorsWriter.Write(folder.File("w.safetensors"), [Bytes("a", WeightDType.U8, [1], 1)], cancellation: new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Directory.GetFileSystemEntries(folder.FullName), Is.Empty);
    }

    [Test]
    public void WriteFile_OverItsOwnMappedSource_KeepsTheValues()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("w.safetensors");
        var values = Enumerable.Range(0, 100_000).Select(i => (float)i).ToArray();
        SafetensorsWriter.Write(path, [WeightSource.FromSingles("w", [values.Length], values)]);
        using (var file = SafetensorsFile.Open(path))
        {
            Assert.That(file.TryMap(file["w"], out _));
            SafetensorsWriter.Write(path, [WeightSource.FromFile(file, file["w"], "renamed")], options: new SafetensorsWriteOptions { Overwrite = true });
            Assert.That(file.ReadSingles(file["w"]), Is.EqualTo(values));
        }

        using var again = SafetensorsFile.Open(path);
        Assert.That(again.ReadSingles(again["renamed"]), Is.EqualTo(values));
    }

    private sealed class Failing() : WeightSource("z", WeightDType.U8, [1])
    {
        public override void CopyRange(long offset, Span<byte> destination) => throw new InvalidDataException("no values");
    }
}
