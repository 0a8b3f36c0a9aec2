using ResNeSt.Conformance;
using ResNeSt.Tensors;

namespace ResNeSt.Imaging.Tests;

/// <summary>Rules of the JPEG reader that the corpora do not show, tried on altered corpus files.</summary>
public sealed class JpegRulesTests
{
    private static byte[] Corpus(string name) => File.ReadAllBytes(TestData.File("images", name));

    private static byte[] Pixels(byte[] file) => PictureReader.Read(file).Pixels.ToArray();

    [Test]
    public void Read_FillBytesAndStrayBytesBeforeMarkers_ArePassedOver()
    {
        byte[] file = Corpus("j03_baseline_420.jpg");
        int table = Find(file, 0xDB);
        byte[] altered = [.. file[..table], 0xFF, 0xFF, 0xFF, .. file[table..^2], 0x12, 0x34, 0xFF, 0x00, .. file[^2..]];

        Assert.That(Pixels(altered), Is.EqualTo(Pixels(file)));
    }

    [TestCase(0x02)]
    [TestCase(0xBF)]
    [TestCase(0xC8)]
    [TestCase(0xF0)]
    public void Read_ReservedMarker_IsRefused(int marker) =>
        CheckRefusal(InsertBeforeTables("j03_baseline_420.jpg", [0xFF, (byte)marker, 0, 2]), DataFileErrorKind.BadImage, $"0x{marker:X2}");

    [TestCase(0xE5)]
    [TestCase(0xFE)]
    [TestCase(0xDC)]
    public void Read_SegmentThatSaysNothingAboutPixels_IsPassedOver(int marker) =>
        Assert.That(Pixels(InsertBeforeTables("j03_baseline_420.jpg", [0xFF, (byte)marker, 0, 4, 1, 2])), Is.EqualTo(Pixels(Corpus("j03_baseline_420.jpg"))));

    [TestCase(0xC3, "lossless")]
    [TestCase(0xC5, "hierarchical")]
    [TestCase(0xCA, "arithmetic")]
    [TestCase(0xF7, "JPEG-LS")]
    public void Read_OtherCoding_IsRefusedByName(int marker, string name)
    {
        byte[] file = Corpus("j03_baseline_420.jpg");
        file[Find(file, 0xC0) + 1] = (byte)marker;

        CheckRefusal(file, DataFileErrorKind.Unsupported, name);
    }

    [Test]
    public void Read_FractionalSampling_IsRefusedByName()
    {
        byte[] file = Corpus("j01_baseline_444.jpg");
        int frame = Find(file, 0xC0);
        (file[frame + 11], file[frame + 14]) = (0x31, 0x21);

        CheckRefusal(file, DataFileErrorKind.Unsupported, "whole number");
    }

    [Test]
    public void Read_UnfinishedProgressive_IsRefused()
    {
        byte[] file = Corpus("j04_progressive_420.jpg");
        int lastScan = FindLast(file, 0xDA);

        CheckRefusal([.. file[..lastScan], 0xFF, 0xD9], DataFileErrorKind.Truncated, "scans");
        CheckRefusal(file[..lastScan], DataFileErrorKind.Truncated, "end marker");
        Assert.That(Pixels(file[..^2]), Is.EqualTo(Pixels(file)), "only the end marker is missing");
    }

    [Test]
    public void Read_HundredAndOneScans_IsRefused()
    {
        byte[] file = Corpus("j04_progressive_420.jpg");
        int firstScan = Find(file, 0xDA), next = firstScan + Find(file[firstScan..], 0xC4);
        var many = new List<byte>(file[..firstScan]);
        for (int i = 0; i < 101; i++)
            many.AddRange(file[firstScan..next]);
        many.AddRange(file[next..]);

        CheckRefusal(many.ToArray(), DataFileErrorKind.TooLarge, "100 scans");
        Assert.That(() => PictureReader.Read(file, new PictureReadOptions { MaxJpegScans = 3 }),
            Throws.InstanceOf<DataFileException>().With.Message.Contains("3 scans"));
    }

    [Test]
    public void Read_AdobeMarker_DecidesOnlyWithoutJfif()
    {
        byte[] plain = Corpus("j01_baseline_444.jpg");
        byte[] adobe = [0xFF, 0xEE, 0, 14, .. "Adobe"u8, 0, 100, 0, 0, 0, 0, 0];
        byte[] both = InsertBeforeTables("j01_baseline_444.jpg", adobe);
        byte[] alone = (byte[])both.Clone();
        alone[Find(alone, 0xE0) + 4] = (byte)'X';

        Assert.That(Pixels(both), Is.EqualTo(Pixels(plain)));
        Assert.That(Pixels(alone), Is.Not.EqualTo(Pixels(plain)));
    }

    [Test]
    public void Read_Baseline_KeepsNoCoefficients()
    {
        byte[] file = Corpus("cat.jpg");
        var picture = PictureReader.Read(file);
        long before = GC.GetAllocatedBytesForCurrentThread();
        PictureReader.Read(file);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        // The coefficients alone would take two bytes for each of one and a half samples a pixel.
        Assert.That(allocated - picture.Pixels.Length, Is.LessThan(picture.Width * picture.Height * 3 / 2));
    }

    [Test]
    public void Read_MorePixelsThanAllowed_IsRefusedBeforeAllocating()
    {
        byte[] file = Corpus("cat.jpg");
        var refusal = Assert.Throws<DataFileException>(() => PictureReader.Read(file, new PictureReadOptions { MaxPixels = 451 * 300 - 1 }))!;
        Assert.That(refusal.Kind, Is.EqualTo(DataFileErrorKind.TooLarge));
        Assert.That(PictureReader.Read(file, new PictureReadOptions { MaxPixels = 451 * 300 }).Width, Is.EqualTo(451));
    }

    [Test]
    public void Identify_Stream_TakesOnlyTheStart()
    {
        using var stream = new DribblingStream(Corpus("cat.png"));
        Assert.That(PictureReader.Identify(stream).Width, Is.EqualTo(451));
        Assert.That(stream.Taken, Is.LessThan(70_000));
    }

    [Test]
    public void Identify_FrameBehindMuchCameraData_IsFound()
    {
        byte[] block = [0xFF, 0xE5, 0xFF, 0xFF, .. new byte[0xFFFD]];
        byte[] file = InsertBeforeTables("cat.jpg", [.. block, .. block, .. block]);
        using var stream = new DribblingStream(file);
        Assert.That(PictureReader.Identify(stream).Height, Is.EqualTo(300));
    }

    [Test]
    public void Read_MissingFile_SaysSo()
    {
        var refusal = Assert.Throws<DataFileException>(() => PictureReader.Read("no/such/picture.jpg"))!;
        Assert.That(refusal.Kind, Is.EqualTo(DataFileErrorKind.Unreadable));
        Assert.That(refusal.Message, Does.Contain("picture.jpg").And.Contain("check the path"));
    }

    [Test]
    public void Read_FileAboveTheLimit_IsRefused()
    {
        byte[] file = Corpus("cat.jpg");
        using var forwardOnly = new DribblingStream(file);
        var options = new PictureReadOptions { MaxFileBytes = 1000 };
        Assert.That(() => PictureReader.Read(new MemoryStream(file), options), Throws.InstanceOf<DataFileException>().With.Message.Contains("1000 bytes"));
        Assert.That(() => PictureReader.Read(forwardOnly, options), Throws.InstanceOf<DataFileException>().With.Message.Contains("1000 bytes"));
        Assert.That(forwardOnly.Taken, Is.LessThan(1100));
    }

    private static byte[] InsertBeforeTables(string name, byte[] segment)
    {
        byte[] file = Corpus(name);
        int place = Find(file, 0xDB);
        return [.. file[..place], .. segment, .. file[place..]];
    }

    private static int Find(byte[] file, int marker) => file.AsSpan().IndexOf(new byte[] { 0xFF, (byte)marker });

    private static int FindLast(byte[] file, int marker) => file.AsSpan().LastIndexOf(new byte[] { 0xFF, (byte)marker });

    private static void CheckRefusal(byte[] file, DataFileErrorKind kind, string words)
    {
        var refusal = Assert.Throws<DataFileException>(() => PictureReader.Read(file))!;
        Assert.That(refusal.Kind, Is.EqualTo(kind), refusal.Message);
        Assert.That(refusal.Message, Does.Contain(words));
    }
}
