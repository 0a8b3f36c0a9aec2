using System.IO.Compression;
using FsCheck;
using FsCheck.Fluent;

namespace ResNeSt.Weights.Tests;

/// <summary>Files of both kinds from the tests' own writer: any types, strides and sharing come back bit for bit.</summary>
internal sealed class PthRoundTripTests
{
    private static readonly WeightDType[] Types =
    [
        WeightDType.F32, WeightDType.F64, WeightDType.F16, WeightDType.BF16, WeightDType.I64, WeightDType.I32, WeightDType.I16, WeightDType.I8,
        WeightDType.U8, WeightDType.Bool, WeightDType.U16, WeightDType.U32, WeightDType.U64, WeightDType.F8E4M3, WeightDType.F8E5M2,
        WeightDType.F8E8M0, WeightDType.F8E4M3Fnuz, WeightDType.F8E5M2Fnuz,
    ];

    // One storage with some views: how a view lies, then the type, then spare elements behind the last one.
    private static readonly Gen<(long Offset, long[] Sizes, long[] Strides)> View =
        from rank in Gen.Choose(0, 5)
        from sizes in Gen.ArrayOf(Gen.Frequency((1, Gen.Constant(0L)), (3, Gen.Constant(1L)), (12, Gen.Choose(2, 5).Select(size => (long)size))), rank)
        from kind in Gen.Choose(0, 3)
        from order in Gen.Shuffle(Enumerable.Range(0, rank))
        from free in Gen.ArrayOf(Gen.Choose(0, 7).Select(stride => (long)stride), rank)
        from offset in Gen.Choose(0, 9)
        select ((long)offset, sizes, kind switch
        {
            0 => PthTensor.ContiguousStrides(sizes),
            1 => Permuted(sizes, order),
            2 => free,
            _ => [.. free.Select((stride, axis) => axis % 2 == 0 ? 0 : stride)],
        });

    private static readonly Gen<PthTensor[]> Tensors =
        from plans in Gen.NonEmptyListOf(
            from views in Gen.NonEmptyListOf(View)
            from dtype in Gen.Elements(Types)
            from spare in Gen.Choose(0, 5)
            from seed in Gen.Choose(0, int.MaxValue)
            select (Views: views.Take(3).ToArray(), dtype, spare, seed))
        select Build(plans.Take(4));

    [TestCase(2, false)]
    [TestCase(4, false)]
    [TestCase(2, true)]
    public void Zip_AnyTensors_ComeBack(int protocol, bool deflate)
        => Prop.ForAll(Tensors.ToArbitrary(), tensors => ReadsBack(PthWriter.Zip(tensors, protocol, deflate).Bytes, tensors)).QuickCheckThrowOnFailure();

    [TestCase(2)]
    [TestCase(4)]
    public void Legacy_AnyTensors_ComeBack(int protocol)
        => Prop.ForAll(Tensors.ToArbitrary(), tensors => ReadsBack(PthWriter.Legacy(tensors, protocol).Bytes, tensors)).QuickCheckThrowOnFailure();

    [Test]
    public void Zip_WrittenByTheRuntime_ComesBack()
    {
        PthTensor[] tensors = [PthTensor.Whole("a", "0", WeightDType.F32, Noise(4096, 1), 32, 32), PthTensor.Whole("b", "1", WeightDType.U8, new byte[5000], 5000)];
        foreach (var level in (CompressionLevel[])[CompressionLevel.NoCompression, CompressionLevel.Fastest, CompressionLevel.SmallestSize])
        {
            using var stream = new MemoryStream();
            using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
            {
                Add("net/data.pkl", new PthPickle().StateDictionary(tensors, isLegacy: false).Stop());
                foreach (var tensor in tensors)
                    Add($"net/data/{tensor.Storage.Key}", tensor.Storage.Bytes);
                Add("net/version", "3\n"u8.ToArray());

                void Add(string name, byte[] bytes)
                {
                    using var entry = zip.CreateEntry(name, level).Open();
                    entry.Write(bytes);
                }
            }

            Assert.That(ReadsBack(stream.ToArray(), tensors), level.ToString());
        }
    }

    [Test]
    public void CopyRange_AnyPiece_IsThatPartOfTheWhole()
    {
        var storage = new PthStorage("0", WeightDType.I16, Noise(2 * 4000, 3));
        PthTensor[] tensors =
        [
            new("channelsLast", storage, 7, [3, 5, 6, 7], [210, 1, 35, 5]),
            new("plain", storage, 100, [50, 30], [30, 1]),
            new("repeated", storage, 5, [9, 4, 10], [0, 3, 0]),
        ];
        foreach (var (bytes, kind) in new[] { (PthWriter.Zip(tensors).Bytes, "zip"), (PthWriter.Zip(tensors, deflate: true).Bytes, "deflated"), (PthWriter.Legacy(tensors).Bytes, "legacy") })
        {
            using var written = new PthFile(bytes);
            using var file = WeightFile.Open(written.FilePath);
            var random = new System.Random(5);
            foreach (var tensor in tensors)
            {
                byte[] whole = tensor.Packed();
                for (int i = 0; i < 200; i++)
                {
                    int start = random.Next(whole.Length / 2) * 2, length = random.Next((whole.Length - start) / 2 + 1) * 2;
                    byte[] piece = new byte[length];
                    file.CopyRange(file[tensor.Name], start, piece);
                    Assert.That(piece.AsSpan().SequenceEqual(whole.AsSpan(start, length)), $"{kind} {tensor.Name} {start} {length}");
                }
            }
        }
    }

    [Test]
    public void Read_ManyThreads_AllGetTheSame()
    {
        var tensors = Enumerable.Range(0, 40).Select(i => PthTensor.Whole($"t{i}", $"{i}", WeightDType.F32, Noise(4 * 1000, i), 1000)).ToList();
        tensors.AddRange(Enumerable.Range(0, 10).Select(i => tensors[i] with { Name = $"again{i}", Offset = 10, Sizes = [30, 20], Strides = [1, 30] }));
        foreach (bool deflate in (bool[])[false, true])
        {
            using var written = new PthFile(PthWriter.Zip(tensors, deflate: deflate).Bytes);
            using var file = WeightFile.Open(written.FilePath);
            Parallel.For(0, 400, i =>
            {
                var tensor = tensors[i % tensors.Count];
                Assert.That(file.Read(file[tensor.Name]).SequenceEqual(tensor.Packed()), tensor.Name);
            });
        }
    }

    public static byte[] Noise(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new System.Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static bool ReadsBack(byte[] bytes, PthTensor[] tensors)
    {
        using var written = new PthFile(bytes);
        using var file = WeightFile.Open(written.FilePath);
        return file.Entries.Select(entry => entry.Name).SequenceEqual(tensors.Select(tensor => tensor.Name))
            && tensors.All(tensor => file[tensor.Name] is var entry && entry.DType == tensor.Storage.DType
                && entry.Shape.SequenceEqual(tensor.Sizes) && file.Read(entry).SequenceEqual(tensor.Packed()));
    }

    private static PthTensor[] Build(IEnumerable<((long Offset, long[] Sizes, long[] Strides)[] Views, WeightDType DType, int Spare, int Seed)> plans)
    {
        var tensors = new List<PthTensor>();
        foreach (var (views, dtype, spare, seed) in plans)
        {
            long elements = spare + views.Max(view => view.Sizes.Contains(0) ? 0 : view.Offset + 1 + view.Sizes.Zip(view.Strides, (size, stride) => (size - 1) * stride).Sum());
            var storage = new PthStorage($"{seed}{tensors.Count}", dtype, Noise((int)elements * dtype.ByteSize, seed));
            tensors.AddRange(views.Select((view, i) => new PthTensor($"{(char)('a' + tensors.Count)}é.{i}/中", storage, view.Offset, view.Sizes, view.Strides)));
        }

        return [.. tensors];
    }

    private static long[] Permuted(long[] sizes, int[] order)
    {
        long[] strides = new long[sizes.Length];
        long next = 1;
        foreach (int axis in order)
        {
            strides[axis] = next;
            next *= Math.Max(sizes[axis], 1);
        }

        return strides;
    }
}
