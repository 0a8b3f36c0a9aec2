using ResNeSt.Tensors;

namespace ResNeSt.Imaging.Tests;

/// <summary>Every PNG colour type, depth and interlace against directly computed pixels; and what is refused.</summary>
public sealed class PngFormatTests
{
    private static IEnumerable<object[]> Kinds() =>
        from kind in TestPng.Kinds
        from interlaced in new[] { false, true }
        select new object[] { kind.Colour, kind.Depth, interlaced };

    [TestCaseSource(nameof(Kinds))]
    public void Read_EveryKindAndManySizes_EqualsDirectComputation(int colour, int depth, bool interlaced)
    {
        var random = new System.Random(colour * 100 + depth);
        foreach (var (width, height) in new[] { (1, 1), (2, 2), (3, 5), (5, 3), (8, 8), (9, 4), (4, 9), (17, 11), (33, 2), (1, 40), (70, 13) })
        {
            int channels = TestPng.Channels(colour), top = 1 << depth;
            int[] samples = Enumerable.Range(0, width * height * channels).Select(_ => random.Next(top)).ToArray();
            byte[]? palette = colour == 3 ? new byte[3 * top] : null;
            if (palette is not null)
                random.NextBytes(palette);

            var picture = PictureReader.Read(TestPng.Encode(samples, width, height, colour, depth, interlaced, palette));

            Assert.That((picture.Width, picture.Height), Is.EqualTo((width, height)));
            Assert.That(picture.Pixels.ToArray(), Is.EqualTo(Expected(samples, channels, colour, depth, palette)), $"{width} x {height}");
        }
    }

    [Test]
    public void Read_ShortPalette_RefusesOnlyIndicesOutsideIt()
    {
        byte[] palette = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        Assert.That(PictureReader.Read(TestPng.Encode([0, 1, 2, 0], 2, 2, 3, 2, false, palette)).Pixels.ToArray(),
            Is.EqualTo(new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3 }));
        CheckRefusal(TestPng.Encode([0, 1, 3, 0], 2, 2, 3, 2, false, palette), DataFileErrorKind.BadImage, "colour 3");
    }

    [Test]
    public void Read_PixelDataOfWrongLength_IsRefused()
    {
        byte[] header = [0, 0, 0, 2, 0, 0, 0, 2, 8, 0, 0, 0, 0];
        byte[] raw = [0, 1, 2, 0, 3, 4];
        Assert.That(PictureReader.Read(TestPng.File(header, null, TestPng.Zlib(raw))).Width, Is.EqualTo(2));
        CheckRefusal(TestPng.File(header, null, TestPng.Zlib(raw[..5])), DataFileErrorKind.Truncated, "end early");
        CheckRefusal(TestPng.File(header, null, TestPng.Zlib([.. raw, 0])), DataFileErrorKind.TooLarge, "go on");
        CheckRefusal(TestPng.File(header, null, TestPng.Zlib(raw)[..^1]), DataFileErrorKind.Truncated, "checksum");
        byte[] wrong = TestPng.Zlib(raw);
        wrong[^1] ^= 1;
        CheckRefusal(TestPng.File(header, null, wrong), DataFileErrorKind.BadImage, "checksum");
    }

    [Test]
    public void Read_HugeSizeFromFewBytes_IsRefusedBeforeAllocating()
    {
        byte[] header = [0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10, 16, 6, 0, 0, 0];
        long before = GC.GetTotalAllocatedBytes(precise: true);
        CheckRefusal(TestPng.File(header, null, TestPng.Zlib(new byte[1000])), DataFileErrorKind.Truncated, "10000 x 10000");
        Assert.That(GC.GetTotalAllocatedBytes(precise: true) - before, Is.LessThan(10 << 20));
    }

    [Test]
    public void Read_ExifChunk_TurnsOnlyWhenAsked()
    {
        byte[] plain = TestPng.Encode([10, 20], 2, 1, 0, 8, false);
        byte[] exif = TestPng.Chunk("eXIf", [.. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]);
        byte[] file = [.. plain[..33], .. exif, .. plain[33..]];

        Assert.That(PictureReader.Read(file).Width, Is.EqualTo(2));
        var turned = PictureReader.Read(file, new PictureReadOptions { ApplyOrientation = true });
        Assert.That((turned.Width, turned.Height, turned.Pixels[0]), Is.EqualTo((1, 2, (byte)10)));
    }

    private static void CheckRefusal(byte[] file, DataFileErrorKind kind, string words)
    {
        var refusal = Assert.Throws<DataFileException>(() => PictureReader.Read(file))!;
        Assert.That(refusal.Kind, Is.EqualTo(kind), refusal.Message);
        Assert.That(refusal.Message, Does.Contain(words));
    }

    private static byte[] Expected(int[] samples, int channels, int colour, int depth, byte[]? palette)
    {
        var rgb = new List<byte>();
        for (int i = 0; i < samples.Length; i += channels)
        {
            byte Eight(int c) => (byte)(depth == 16 ? samples[i + c] >> 8 : samples[i + c] * 255 / ((1 << depth) - 1));
            if (colour == 3)
                rgb.AddRange(palette!.AsSpan(3 * samples[i], 3));
            else if (channels < 3)
                rgb.AddRange([Eight(0), Eight(0), Eight(0)]);
            else
                rgb.AddRange([Eight(0), Eight(1), Eight(2)]);
        }

        return rgb.ToArray();
    }
}
