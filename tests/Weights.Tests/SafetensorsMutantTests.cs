using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using ResNeSt.Conformance;
using ResNeSt.Tensors;

namespace ResNeSt.Weights.Tests;

/// <summary>Broken files made of sound ones: the reader says what a plain restatement of the rules says, and never fails in another way.</summary>
internal sealed class SafetensorsMutantTests
{
    private const int Seed = 20261121;

    [Test]
    public void Open_Mutants_AreRefusedOrReadAsTheRulesSay() => Run(700);

    [Test]
    [Category("Long")]
    public void Open_ManyMutants_AreRefusedOrReadAsTheRulesSay() => Run(100_000);

    private static void Run(int count)
    {
        using var folder = new TemporaryFolder();
        var mutator = new Mutator(Seed);
        var seeds = Seeds();
        string path = folder.File("mutant.safetensors");
        int accepted = 0;
        for (int i = 0; i < count; i++)
        {
            var seed = seeds[i % seeds.Count];
            var mutant = mutator.Mutate(seed, seeds[mutator.Next(seeds.Count)]);
            // Without this most mutants would fail on the length alone.
            if (mutator.Next(4) != 0)
                FitLength(mutant);
            File.WriteAllBytes(path, mutant);
            accepted += Check(path, mutant, i) ? 1 : 0;
        }

        TestContext.Out.WriteLine($"{accepted} of {count} mutants are sound files");
        Assert.That(accepted, Is.InRange(count / 100, count * 9 / 10), "mutants test little when nearly all, or hardly any, are sound");
    }

    private static bool Check(string path, byte[] mutant, int number)
    {
        var expected = SafetensorsOracle.Read(mutant);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        DataFileException? refusal = null;
        Dictionary<string, (string, string, byte[]?)>? found = null;
        try
        {
            using var file = SafetensorsFile.Open(path);
            found = file.Entries.ToDictionary(entry => entry.Name, entry => (entry.DTypeName, string.Join(",", entry.Shape), entry.DType == WeightDType.Unknown ? null : file.Read(entry).ToArray()));
        }
        catch (DataFileException error)
        {
            refusal = error;
        }

        string what = $"mutant {number}: {Convert.ToHexString(mutant)}";
        Assert.That(Stopwatch.GetElapsedTime(start).TotalSeconds, Is.LessThan(2), what);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - allocated, Is.LessThan(16L << 20), what);
        if (expected is null)
        {
            Assert.That(refusal, Is.Not.Null, what);
            HostileCorpus.CheckMessage(refusal!, path);
            return false;
        }

        Assert.That(found, Is.Not.Null, $"{refusal?.Message} {what}");
        Assert.That(found!.Keys, Is.EquivalentTo(expected.Keys), what);
        foreach (var (name, (dtype, shape, bytes)) in expected)
        {
            var (foundDType, foundShape, foundBytes) = found[name];
            Assert.That((foundDType, foundShape), Is.EqualTo((dtype, shape)), what);
            Assert.That(foundBytes is null ? bytes is null : foundBytes.AsSpan().SequenceEqual(bytes), what);
        }

        return true;
    }

    /// <summary>Sets the length to where the header's object seems to end, so that what is inside gets read.</summary>
    private static void FitLength(byte[] mutant)
    {
        if (mutant.Length < 8)
            return;
        int end = mutant.AsSpan().LastIndexOf("}}"u8) is var found && found >= 8 ? found + 2 : mutant.Length;
        while (end < mutant.Length && mutant[end] == ' ')
            end++;
        BinaryPrimitives.WriteInt64LittleEndian(mutant, end - 8);
    }

    private static List<(byte[] Bytes, int[] Joints)> Seeds()
    {
        var files = (from file in TestData.Json("hostile", "manifest.json").GetProperty("files").EnumerateArray()
                     where file.GetProperty("format").GetString() == "safetensors" && file.GetProperty("expect").GetString() != "refuse" && file.GetProperty("bytes").GetInt64() < 10_000
                     select File.ReadAllBytes(TestData.File("hostile", file.GetProperty("file").GetString()!))).ToList();
        files.Add(File.ReadAllBytes(TestData.File("torch_files", "mixed.safetensors")));
        files.Add(SafetensorsBytes.Written(
            [.. Enum.GetValues<WeightDType>().Where(dtype => dtype != WeightDType.Unknown).Select(dtype => WeightSource.FromBytes($"layer.{dtype}", dtype, [4, 1], new byte[dtype.BitSize / 2]))],
            new Dictionary<string, string> { ["format"] = "pt", ["note"] = "{\"dtype\":\"F32\"}" }));
        return [.. files.Select(bytes => (bytes, Joints(bytes)))];
    }

    /// <summary>The length's bytes, everything that JSON is built of, the header's end and the data's.</summary>
    private static int[] Joints(byte[] bytes)
    {
        int end = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        byte[] structure = Encoding.ASCII.GetBytes("{}[],:\"");
        return [0, 7, 8, .. Enumerable.Range(8, end - 8).Where(i => structure.Contains(bytes[i])), end, .. Enumerable.Range(end, bytes.Length - end).Where(i => i % 4 == 0), bytes.Length];
    }
}
