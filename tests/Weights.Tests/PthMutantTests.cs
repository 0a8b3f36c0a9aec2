using System.Text.Json;
using ResNeSt.Conformance;
using ResNeSt.Tensors;

namespace ResNeSt.Weights.Tests;

/// <summary>Accepted files with bytes flipped, cut, inserted and spliced where their parts begin: each must be refused, or be read within the limits.</summary>
internal sealed class PthMutantTests
{
    private const int Few = 120;
    private const int Many = 100_000;

    // Values that sit at the edges of lengths, counts and flags.
    private static readonly long[] Edges = [0, 1, 2, 3, 7, 8, 16, 22, 46, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, int.MaxValue, 0x80000000, uint.MaxValue, 1L << 32, 1L << 61, long.MaxValue, long.MinValue, -1, -2];

    private static readonly PthTensor[] Tensors =
    [
        PthTensor.Whole("conv1.0.weight", "0", WeightDType.F32, PthRoundTripTests.Noise(4 * 54, 1), 2, 3, 3, 3),
        PthTensor.Whole("bn1.num_batches_tracked", "1", WeightDType.I64, PthRoundTripTests.Noise(8, 2)),
        PthTensor.Whole("fp8", "2", WeightDType.F8E4M3, PthRoundTripTests.Noise(10, 3), 5, 2),
        new("view", new PthStorage("3", WeightDType.BF16, PthRoundTripTests.Noise(2 * 60, 4)), 3, [4, 5], [1, 9]),
    ];

    [Test]
    public void Zip_Mutants_AreRefusedOrTheSame() => ZipMutants(Few);

    [Test, Category("Long")]
    public void Zip_HundredThousandMutants_AreRefusedOrTheSame() => ZipMutants(Many);

    [Test]
    public void ZipWithSoundChecksums_MutantPickles_AreRefusedOrConsistent() => PickleMutants(Few);

    [Test, Category("Long")]
    public void ZipWithSoundChecksums_HundredThousandMutantPickles_AreRefusedOrConsistent() => PickleMutants(Many);

    [Test]
    public void Legacy_Mutants_AreRefusedOrConsistent() => LegacyMutants(Few);

    [Test, Category("Long")]
    public void Legacy_HundredThousandMutants_AreRefusedOrConsistent() => LegacyMutants(Many);

    [Test]
    public void Params_Mutants_AreRefusedOrConsistent() => ParamsMutants(Few);

    [Test, Category("Long")]
    public void Params_HundredThousandMutants_AreRefusedOrConsistent() => ParamsMutants(Many);

    [Test]
    public void Corpus_MutantsOfAcceptedFiles_AreRefusedOrConsistent() => CorpusMutants(Few);

    [Test, Category("Long")]
    public void Corpus_HundredThousandMutantsOfAcceptedFiles_AreRefusedOrConsistent() => CorpusMutants(Many);

    [Test]
    public void Legacy_FlippedValues_AreReadAsTheyAre()
    {
        byte[] bytes = PthWriter.Legacy(Tensors).Bytes;
        foreach (var flipped in PthWriter.Storages(Tensors))
        {
            int start = bytes.AsSpan().IndexOf(flipped.Bytes);
            for (int i = 0; i < flipped.Bytes.Length; i++)
            {
                byte[] mutant = [.. bytes];
                mutant[start + i] ^= (byte)(1 << (i % 8));
                var expected = Tensors.Select(tensor => tensor.Storage != flipped ? tensor
                    : tensor with { Storage = flipped with { Bytes = mutant[start..(start + flipped.Bytes.Length)] } }).ToArray();
                CheckSameOrRefused(mutant, expected, ".pth", $"{flipped.Key}, byte {i}", mustRead: true);
            }
        }
    }

    /// <summary>A file that has checksums must be refused, or give exactly the values it was made of.</summary>
    public static void CheckSameOrRefused(byte[] bytes, PthTensor[] tensors, string extension, string what, bool mustRead = false)
    {
        var read = CheckConsistent(bytes, extension, what);
        Assert.That(read is not null || !mustRead, what);
        if (read is null)
            return;
        Assert.That(read.Keys, Is.EqualTo(tensors.Select(tensor => tensor.Name)), what);
        foreach (var tensor in tensors)
        {
            var (entry, values) = read[tensor.Name];
            if (entry.DType != tensor.Storage.DType || !entry.Shape.SequenceEqual(tensor.Sizes) || !values.AsSpan().SequenceEqual(tensor.Packed()))
                Assert.Fail($"{what}: {tensor.Name} differs");
        }
    }

    private static void ZipMutants(int count)
    {
        var files = new[] { PthWriter.Zip(Tensors), PthWriter.Zip(Tensors, protocol: 4), PthWriter.Zip(Tensors, deflate: true) };
        Each(count, files, (mutant, what) => CheckSameOrRefused(mutant, Tensors, ".pth", what));
    }

    private static void PickleMutants(int count)
    {
        var storages = PthWriter.Storages(Tensors);
        var pickles = new[] { 2, 4 }.Select(protocol =>
        {
            var pickle = new PthPickle(protocol).StateDictionary(Tensors, isLegacy: false);
            return (pickle.Stop(), pickle.Boundaries);
        }).ToArray();
        Each(count, pickles, (mutant, what) =>
        {
            using var stream = new MemoryStream();
            PthWriter.WriteZip(stream, mutant, storages, deflate: true);
            CheckConsistent(stream.ToArray(), ".pth", what);
        });
    }

    private static void LegacyMutants(int count)
        => Each(count, [PthWriter.Legacy(Tensors), PthWriter.Legacy(Tensors, protocol: 4)], (mutant, what) => CheckConsistent(mutant, ".pth", what));

    private static void ParamsMutants(int count)
    {
        var arrays = Tensors.Where(tensor => tensor.Storage.DType != WeightDType.F8E4M3)
            .Select(tensor => new PthMxnetArray("arg:" + tensor.Name, tensor.Storage.DType, tensor.Sizes, tensor.Packed())).ToArray();
        var files = new[] { PthMxnetWriter.Version1, PthMxnetWriter.Version2, PthMxnetWriter.Version3 }.Select(version => PthMxnetWriter.Write(arrays, version))
            .Append(PthMxnetWriter.Write([.. arrays.Where(array => array.Sizes.Length > 0)], 0)).ToArray();
        Each(count, files, (mutant, what) => CheckConsistent(mutant, ".params", what));
    }

    private static void CorpusMutants(int count)
    {
        var files = TestData.Json("hostile", "manifest.json").GetProperty("files").EnumerateArray()
            .Where(file => file.GetProperty("format").GetString() == "pth" && file.GetProperty("expect").GetString() == "accept")
            .Select(file => File.ReadAllBytes(TestData.File("hostile", file.GetProperty("file").GetString()!)))
            .Concat(Directory.EnumerateFiles(TestData.Folder("torch_files"), "*_mixed_*.pth").Order(StringComparer.Ordinal).Select(File.ReadAllBytes))
            .Select(bytes => (bytes, Signatures(bytes))).ToArray();
        Assert.That(files, Has.Length.GreaterThan(15));
        Each(count, files, (mutant, what) => CheckConsistent(mutant, ".pth", what));
    }

    /// <summary>Where zip headers and their fields begin; in a legacy stream any byte of the pickles.</summary>
    private static List<int> Signatures(byte[] bytes)
    {
        var boundaries = new List<int>();
        bool isZip = bytes.AsSpan().StartsWith("PK\x03\x04"u8);
        for (int i = 0; i < bytes.Length - 4; i++)
        {
            if (isZip && bytes[i] == 'P' && bytes[i + 1] == 'K' && bytes[i + 2] < 9)
                boundaries.AddRange(Enumerable.Range(0, 24).Select(field => i + (2 * field)).Where(at => at < bytes.Length));
        }

        return boundaries.Count > 0 ? boundaries : [.. Enumerable.Range(0, bytes.Length)];
    }

    private static void Each(int count, IReadOnlyList<(byte[] Bytes, List<int> Boundaries)> files, Action<byte[], string> check)
    {
        var random = new System.Random(20200419);
        for (int i = 0; i < count; i++)
        {
            var (bytes, boundaries) = files[i % files.Count];
            byte[] mutant = [.. bytes];
            for (int change = random.Next(4) == 0 ? 3 : 1; change > 0; change--)
                mutant = Mutate(mutant, boundaries, files[random.Next(files.Count)], random);
            check(mutant, $"mutant {i}");
        }
    }

    private static byte[] Mutate(byte[] bytes, List<int> boundaries, (byte[] Bytes, List<int> Boundaries) other, System.Random random)
    {
        int at = Place(boundaries, bytes.Length, random), end = Math.Max(at, Place(boundaries, bytes.Length, random));
        switch (random.Next(7))
        {
            case 0 when at < bytes.Length:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 1 when at < bytes.Length:
                bytes[at] = (byte)random.Next(256);
                return bytes;
            case 2:
                byte[] number = BitConverter.GetBytes(Edges[random.Next(Edges.Length)]);
                number.AsSpan(0, Math.Min(1 << random.Next(4), bytes.Length - at)).CopyTo(bytes.AsSpan(at));
                return bytes;
            case 3:
                return bytes[..at];
            case 4:
                return [.. bytes.AsSpan(0, at), .. bytes.AsSpan(end)];
            case 5:
                byte[] noise = new byte[random.Next(1, 40)];
                random.NextBytes(noise);
                return [.. bytes.AsSpan(0, at), .. noise, .. bytes.AsSpan(at)];
            default:
                int from = Place(other.Boundaries, other.Bytes.Length, random), to = Math.Max(from, Place(other.Boundaries, other.Bytes.Length, random));
                return [.. bytes.AsSpan(0, at), .. other.Bytes.AsSpan(from, Math.Min(to - from, 4096)), .. bytes.AsSpan(random.Next(2) == 0 ? at : end)];
        }
    }

    private static int Place(List<int> boundaries, int length, System.Random random)
        => Math.Clamp(random.Next(8) == 0 ? random.Next(length + 1) : boundaries[random.Next(boundaries.Count)] + (random.Next(4) == 0 ? random.Next(-4, 5) : 0), 0, length);

    /// <summary>Refused with a file error, or every tensor read whole, within time and memory; nothing else is thrown.</summary>
    private static Dictionary<string, (WeightEntry Entry, byte[] Bytes)>? CheckConsistent(byte[] bytes, string extension, string what)
    {
        using var file = new PthFile(bytes, extension);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        // Processor time: the machine may be busy with something else.
        var start = Environment.CpuUsage.TotalTime;
        Dictionary<string, (WeightEntry Entry, byte[] Bytes)>? read = null;
        try
        {
            read = PthFile.ReadAll(file.FilePath);
        }
        catch (DataFileException refusal)
        {
            if (refusal.File != file.FilePath || refusal.Kind == DataFileErrorKind.Unreadable || refusal.Message.Any(char.IsControl))
                Assert.Fail($"{what}: {refusal.Message}");
        }
        catch (Exception error)
        {
            Assert.Fail($"{what}: {error}");
        }

        double seconds = (Environment.CpuUsage.TotalTime - start).TotalSeconds;
        if (seconds > 2 || GC.GetAllocatedBytesForCurrentThread() - allocated > 512L << 20)
            Assert.Fail($"{what}: {seconds:f1} s, {(GC.GetAllocatedBytesForCurrentThread() - allocated) >> 20} MiB");
        foreach (var (name, (entry, values)) in read ?? [])
        {
            if (values.LongLength != entry.ByteLength || values.LongLength != entry.ElementCount * entry.DType.ByteSize)
                Assert.Fail($"{what}: {DataFileException.Escape(name)} has {values.Length} bytes");
        }

        return read;
    }
}
