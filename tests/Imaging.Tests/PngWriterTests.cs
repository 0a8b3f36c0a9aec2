using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using TestData = ResNeSt.Conformance.TestData;

namespace ResNeSt.Imaging.Tests;

/// <summary>What the writer writes is what the reader, and the runtime's inflater, read back.</summary>
public sealed class PngWriterTests
{
    // Noise, few colours, and long equal runs: literals, short matches and matches of the greatest length and distance.
    private static readonly Gen<(int Width, int Height, byte[] Grey)> Pictures =
        from width in Gen.Choose(1, 90)
        from height in Gen.Choose(1, 60)
        from colours in Gen.Elements(1, 2, 5, 256)
        from run in Gen.Elements(1, 3, 40, 2000)
        from seed in Gen.Choose(0, int.MaxValue - 1)
        select (width, height, Noise(width * height * 3, colours, run, seed));

    [Test]
    public void Encode_AnyPicture_RoundTrips() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(150), Prop.ForAll(Arb.From(Pictures), sample =>
    {
        var (width, height, noise) = sample;
        var colour = Picture.FromPixels(noise, width, height);
        var colourAgain = PictureReader.Read(PngWriter.Encode(colour));
        var greyAgain = PictureReader.Read(PngWriter.EncodeGrey(noise.AsSpan(0, width * height), width, height));
        return colourAgain.Pixels.SequenceEqual(noise)
            && greyAgain.Pixels.SequenceEqual(Picture.FromPixels(noise, width, height, layout: PixelLayout.Grey).Pixels);
    }));

    [Test]
    public void Encode_LargePicture_RoundTripsOverSeveralBlocks()
    {
        byte[] noise = Noise(400 * 300 * 3, 256, 2, 5);
        Assert.That(PictureReader.Read(PngWriter.Encode(Picture.FromPixels(noise, 400, 300))).Pixels.SequenceEqual(noise));
    }

    [Test]
    public void Encode_SamePixels_GivesTheseBytes()
    {
        var cat = PictureReader.Read(TestData.File("images", "cat.png"));

        byte[] file = PngWriter.Encode(cat);

        // The hash pins the bytes: documents with pictures must not change with the machine or the runtime.
        Assert.That(Convert.ToHexStringLower(SHA256.HashData(file)), Is.EqualTo(CatHash));
        Assert.That(file, Has.Length.LessThan(new FileInfo(TestData.File("images", "cat.png")).Length * 21 / 20));
        Assert.That(PictureReader.Read(file).Pixels.SequenceEqual(cat.Pixels));
    }

    [Test]
    public void Write_ToPath_ReplacesAndLeavesNothingElse()
    {
        string folder = Directory.CreateTempSubdirectory("png-writer").FullName;
        try
        {
            string path = Path.Combine(folder, "a.png");
            File.WriteAllText(path, "old");
            PngWriter.Write(path, new Picture(3, 2));
            Assert.That(PictureReader.Read(path).Width, Is.EqualTo(3));
            PngWriter.WriteGrey(path, [1, 2, 3, 4], 2, 2);
            Assert.That(PictureReader.Read(path).Pixels.ToArray(), Is.EqualTo(new byte[] { 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4 }));
            Assert.That(Directory.GetFiles(folder), Is.EqualTo(new[] { path }));
            Assert.That(() => PngWriter.Write(Path.Combine(folder, "none", "a.png"), new Picture(1, 1)), Throws.InstanceOf<IOException>());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public void EncodeGrey_WrongLength_Throws() => Assert.That(() => PngWriter.EncodeGrey(new byte[5], 2, 2), Throws.ArgumentException);

    private const string CatHash = "c0437e51ac7ae874080f0121407ffda28cca63feee3114710da74e8171baae68";

    private static byte[] Noise(int count, int colours, int run, int seed)
    {
        var random = new System.Random(seed);
        var bytes = new byte[count];
        for (int i = 0; i < count;)
        {
            int length = Math.Min(random.Next(1, run + 1), count - i);
            bytes.AsSpan(i, length).Fill((byte)random.Next(colours));
            i += length;
        }

        return bytes;
    }
}
