using FsCheck;
using FsCheck.Fluent;
using ResNeSt.Tensors;

namespace ResNeSt.Weights.Tests;

/// <summary>MXNet's .params files, from the tests' own writer.</summary>
internal sealed class PthMxnetTests
{
    private static readonly PthMxnetArray[] Two =
    [
        new("arg:conv0.weight", WeightDType.F32, [2, 3], PthRoundTripTests.Noise(24, 1)),
        new("aux:bn.running_mean", WeightDType.F16, [5], PthRoundTripTests.Noise(10, 2)),
    ];

    private static readonly Gen<PthMxnetArray[]> Arrays =
        from plans in Gen.NonEmptyListOf(
            from sizes in Gen.NonEmptyListOf(Gen.Choose(1, 5).Select(size => (long)size))
            from dtype in Gen.Elements(PthMxnetWriter.Types)
            from seed in Gen.Choose(0, int.MaxValue)
            select (Sizes: sizes.Take(5).ToArray(), dtype, seed))
        select plans.Select((plan, i) => new PthMxnetArray($"{(i % 2 == 0 ? "arg:" : "")}é.{i}", plan.dtype, plan.Sizes,
            PthRoundTripTests.Noise((int)plan.Sizes.Aggregate(1L, (product, size) => product * size) * plan.dtype.ByteSize, plan.seed))).ToArray();

    [TestCase(0u)]
    [TestCase(PthMxnetWriter.Version1)]
    [TestCase(PthMxnetWriter.Version2)]
    [TestCase(PthMxnetWriter.Version3)]
    public void Params_AnyArrays_ComeBack(uint version)
        => Prop.ForAll(Arrays.ToArbitrary(), arrays =>
        {
            using var file = new PthFile(PthMxnetWriter.Write(arrays, version).Bytes, ".params");
            var read = PthFile.ReadAll(file.FilePath);
            return read.Count == arrays.Length && arrays.All(array => read[array.Name.Replace("arg:", "", StringComparison.Ordinal)] is var (entry, bytes)
                && entry.DType == array.DType && entry.Shape.SequenceEqual(array.Sizes) && bytes.AsSpan().SequenceEqual(array.Bytes));
        }).QuickCheckThrowOnFailure();

    [Test]
    public void Params_ScalarOfNumPyShapes_IsOneElement()
    {
        using var file = new PthFile(PthMxnetWriter.Write([new("n", WeightDType.I64, [], PthRoundTripTests.Noise(8, 3))], PthMxnetWriter.Version3).Bytes, ".params");
        var (entry, bytes) = PthFile.ReadAll(file.FilePath)["n"];
        Assert.That((entry.Shape.Length, bytes.Length), Is.EqualTo((0, 8)));
    }

    [Test]
    public void Params_AnyPiece_IsThatPartOfTheWhole()
    {
        using var written = new PthFile(PthMxnetWriter.Write(Two).Bytes, ".params");
        using var file = WeightFile.Open(written.FilePath);
        byte[] piece = new byte[8];
        file.CopyRange(file["conv0.weight"], 12, piece);
        Assert.That(piece, Is.EqualTo(Two[0].Bytes[12..20]));
        Assert.That(file.Format, Is.EqualTo(WeightFileFormat.MxnetParams));
    }

    [Test]
    public void Params_EveryCut_IsRefused()
    {
        byte[] bytes = PthMxnetWriter.Write(Two).Bytes;
        for (int length = 0; length < bytes.Length; length++)
            Assert.That(PthFile.Refusal(bytes[..length], ".params").Kind, Is.AnyOf(DataFileErrorKind.Truncated, DataFileErrorKind.NotThisFormat), $"{length}");
    }

    [Test]
    public void Params_BytesAfterTheNames_AreRefused()
        => Assert.That(PthFile.Refusal([.. PthMxnetWriter.Write(Two).Bytes, 0], ".params").Kind, Is.EqualTo(DataFileErrorKind.BadLayout));

    // Offsets: list magic 0, reserved 8, count 16; first array: magic 24, storage type 28, dimensions 32, sizes 36 and 44, device 52, type 60, values 64.
    [TestCase(16, long.MaxValue, DataFileErrorKind.TooLarge)]
    [TestCase(16, 199_999, DataFileErrorKind.Truncated)]
    [TestCase(36, -1, DataFileErrorKind.BadTensor)]
    [TestCase(36, 1L << 40, DataFileErrorKind.Truncated)]
    [TestCase(36, long.MaxValue, DataFileErrorKind.Overflow)]
    public void Params_WrongNumber_IsRefused(int offset, long value, DataFileErrorKind kind)
    {
        byte[] bytes = PthMxnetWriter.Write(Two).Bytes;
        BitConverter.GetBytes(value).CopyTo(bytes, offset);
        Assert.That(PthFile.Refusal(bytes, ".params").Kind, Is.EqualTo(kind));
    }

    [TestCase(28, 1, DataFileErrorKind.Unsupported, "tostype")]
    [TestCase(28, 7, DataFileErrorKind.BadTensor, "storage type 7")]
    [TestCase(32, 17, DataFileErrorKind.TooLarge, "17 dimensions")]
    [TestCase(32, 0, DataFileErrorKind.Unsupported, "no values")]
    [TestCase(60, 13, DataFileErrorKind.UnsupportedDType, "type flag 13")]
    [TestCase(60, -1, DataFileErrorKind.UnsupportedDType, "type flag -1")]
    public void Params_WrongField_IsRefused(int offset, int value, DataFileErrorKind kind, string message)
    {
        byte[] bytes = PthMxnetWriter.Write(Two).Bytes;
        BitConverter.GetBytes(value).CopyTo(bytes, offset);
        var refusal = PthFile.Refusal(bytes, ".params");
        Assert.That(refusal.Kind, Is.EqualTo(kind));
        Assert.That(refusal.Message, Does.Contain(message));
    }

    [TestCase("", "b")]
    [TestCase("a\u001b[31m", "b")]
    [TestCase("__metadata__", "b")]
    [TestCase("arg:x", "aux:x")]
    public void Params_UnusableName_IsRefused(string first, string second)
        => Assert.That(PthFile.Refusal(PthMxnetWriter.Write([Two[0] with { Name = first }, Two[1] with { Name = second }]).Bytes, ".params").Kind, Is.EqualTo(DataFileErrorKind.BadName));
}
