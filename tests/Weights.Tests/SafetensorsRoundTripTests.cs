using FsCheck;
using FsCheck.Fluent;

namespace ResNeSt.Weights.Tests;

internal sealed class SafetensorsRoundTripTests
{
    private static readonly WeightDType[] Types = [.. Enum.GetValues<WeightDType>().Where(dtype => dtype != WeightDType.Unknown)];

    private static Arbitrary<Model> Models => (
        from metadata in Gen.Zip(Names, Names).ListOf()
        from tensors in Tensors.ListOf()
        select new Model(metadata.DistinctBy(pair => pair.Item1).ToDictionary(pair => pair.Item1, pair => pair.Item2), [.. tensors.DistinctBy(tensor => tensor.Name)])).ToArbitrary();

    // Any Unicode text, short plain ones often: strings with half pairs are made whole.
    private static Gen<string> Names => Gen.OneOf(
        Gen.Choose(0, 30).Select(i => $"layer{i % 4}.{i}.weight"),
        ArbMap.Default.GeneratorFor<string>().Select(text => (text ?? "").ToWellFormed()).Where(text => text != "__metadata__"));

    private static Gen<Tensor> Tensors =>
        from name in Names
        from dtype in Gen.Elements(Types)
        from shape in Gen.Choose(0, 5).Select(extent => (long)extent).ListOf().Select(list => list.Take(4).ToArray())
        from seed in Gen.Choose(0, int.MaxValue)
        select Tensor.Create(name, dtype, shape, seed);

    [Test]
    public void WriteThenRead_AnyModel_GivesItBack()
    {
        using var folder = new TemporaryFolder();
        Prop.ForAll(Models, model =>
        {
            string path = folder.File("w.safetensors");
            SafetensorsWriter.Write(path, model.Tensors.Select(tensor => tensor.Source), model.Metadata, new SafetensorsWriteOptions { Overwrite = true });
            using var file = SafetensorsFile.Open(path);
            Assert.That(file.Metadata, Is.EqualTo(model.Metadata));
            Assert.That(file.Entries, Has.Count.EqualTo(model.Tensors.Length));
            foreach (var tensor in model.Tensors)
            {
                var entry = file[tensor.Name];
                Assert.That(entry.DType, Is.EqualTo(tensor.DType));
                Assert.That(entry.Shape, Is.EqualTo(tensor.Shape));
                Assert.That(file.Read(entry).ToArray(), Is.EqualTo(tensor.Bytes));
                var copy = new byte[entry.ByteLength];
                file.CopyTo(entry, copy);
                Assert.That(copy, Is.EqualTo(tensor.Bytes));
            }

            // Written again from the file it is the same file: order and padding do not depend on the order given.
            Assert.That(SafetensorsBytes.Written(file.Entries.Reverse().Select(entry => WeightSource.FromFile(file, entry)), file.Metadata), Is.EqualTo(File.ReadAllBytes(path)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(20261121, 43));
    }

    [Test]
    public void WriteThenRead_FloatsAs16Bits_RoundOnce()
    {
        using var folder = new TemporaryFolder();
        Prop.ForAll(ArbMap.Default.ArbFor<float[]>(), values =>
        {
            string path = folder.File("w.safetensors");
            SafetensorsWriter.Write(path, [WeightSource.FromSingles("w", [values.Length], values, WeightDType.F16)], options: new SafetensorsWriteOptions { Overwrite = true });
            using var file = SafetensorsFile.Open(path);
            Assert.That(file.ReadSingles(file["w"]), Is.EqualTo(values.Select(value => (float)(Half)value)));
        }).Check(Config.QuickThrowOnFailure.WithReplay(20261121, 43));
    }

    private sealed record Model(Dictionary<string, string> Metadata, Tensor[] Tensors)
    {
        public override string ToString() => $"{Metadata.Count} metadata, {string.Join("; ", Tensors.Select(tensor => $"{tensor.DType} [{string.Join(",", tensor.Shape)}]"))}";
    }

    private sealed record Tensor(string Name, WeightDType DType, long[] Shape, byte[] Bytes)
    {
        public WeightSource Source => WeightSource.FromBytes(Name, DType, Shape, Bytes);

        public static Tensor Create(string name, WeightDType dtype, long[] shape, int seed)
        {
            long bits = shape.Aggregate((long)dtype.BitSize, (product, extent) => product * extent);
            // Sub-byte types need whole bytes.
            if (bits % 8 != 0)
                (shape, bits) = ([.. shape, 4], bits * 4);
            var bytes = new byte[bits / 8];
            new System.Random(seed).NextBytes(bytes);
            return new Tensor(name, dtype, shape, bytes);
        }
    }
}
