using ResNeSt.Conformance;
using ResNeSt.Tensors;

namespace ResNeSt.Imaging.Tests;

/// <summary>Every picture of the corpus, byte for byte as Pillow and libjpeg-turbo read it.</summary>
public sealed class CorpusTests
{
    [TestCaseSource(typeof(CorpusPicture), nameof(CorpusPicture.Readable))]
    public void Read_CorpusPicture_EqualsPillow(CorpusPicture item)
    {
        var picture = PictureReader.Read(item.Path);

        string expected = item.Unrotated ?? item.Expected;
        Assert.That(picture.Pixels.ToArray(), Is.EqualTo(File.ReadAllBytes(TestData.File("images", expected))));
    }

    [TestCaseSource(typeof(CorpusPicture), nameof(CorpusPicture.Readable))]
    public void Read_WithOrientation_EqualsExifTranspose(CorpusPicture item)
    {
        var picture = PictureReader.Read(item.Path, new PictureReadOptions { ApplyOrientation = true });

        Assert.That((picture.Width, picture.Height), Is.EqualTo((item.Width, item.Height)));
        Assert.That(picture.Pixels.ToArray(), Is.EqualTo(item.ExpectedPixels));
    }

    [TestCaseSource(typeof(CorpusPicture), nameof(CorpusPicture.Readable))]
    public void Read_PathStreamAndSpan_AreTheSame(CorpusPicture item)
    {
        byte[] bytes = File.ReadAllBytes(item.Path);
        byte[] expected = PictureReader.Read(item.Path).Pixels.ToArray();
        using var seekable = new MemoryStream(bytes);
        using var forwardOnly = new DribblingStream(bytes);

        Assert.That(PictureReader.Read(bytes).Pixels.ToArray(), Is.EqualTo(expected));
        Assert.That(PictureReader.Read(seekable).Pixels.ToArray(), Is.EqualTo(expected));
        Assert.That(PictureReader.Read(forwardOnly).Pixels.ToArray(), Is.EqualTo(expected));
    }

    [TestCaseSource(typeof(CorpusPicture), nameof(CorpusPicture.Readable))]
    public void Identify_CorpusPicture_GivesTheStoredSize(CorpusPicture item)
    {
        var info = PictureReader.Identify(item.Path);

        bool turned = item.Unrotated is not null;
        Assert.That((info.Width, info.Height), Is.EqualTo(turned ? (item.Height, item.Width) : (item.Width, item.Height)));
        Assert.That(info.Format.ToString().ToLowerInvariant()[..2], Is.EqualTo(Path.GetExtension(item.File)[1..3]));
        Assert.That(info.Orientation, Is.EqualTo(turned ? 6 : 1));
    }

    [TestCaseSource(typeof(CorpusPicture), nameof(CorpusPicture.All))]
    public void Read_RefusedKind_IsNamed(CorpusPicture item)
    {
        if (!CorpusPicture.RefusedByName.TryGetValue(item.File, out string? name))
            return;

        var refusal = Assert.Throws<DataFileException>(() => PictureReader.Read(item.Path))!;

        Assert.That(refusal.Kind, Is.EqualTo(DataFileErrorKind.Unsupported));
        Assert.That(refusal.Message, Does.Contain(name).And.Contain(item.File).And.Contain("convert"));
    }
}
