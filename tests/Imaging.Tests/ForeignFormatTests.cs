using System.Text;
using ResNeSt.Tensors;

namespace ResNeSt.Imaging.Tests;

/// <summary>Files of other kinds are called by their names.</summary>
public sealed class ForeignFormatTests
{
    [TestCase("GIF89a......", "GIF")]
    [TestCase("RIFF\0\0\0\0WEBPVP8 ", "WebP")]
    [TestCase("\0\0\0\u0018ftypheic\0\0\0\0", "HEIC")]
    [TestCase("\0\0\0\u0018ftypmif1\0\0\0\0", "HEIC")]
    [TestCase("\0\0\0\u0018ftypavif\0\0\0\0", "AVIF")]
    [TestCase("\0\0\0\u0018ftypisom\0\0\0\0", "MP4")]
    [TestCase("II*\0\b\0\0\0", "TIFF")]
    [TestCase("MM\0*\0\0\0\b", "TIFF")]
    [TestCase("<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG")]
    [TestCase("<?xml version='1.0'?>\n<svg/>", "SVG")]
    [TestCase("\0\0\0\u000CjP  \r\n", "JPEG 2000")]
    [TestCase("\u00FF\n\u0001", "JPEG XL")]
    [TestCase("8BPS\0\u0001", "Photoshop")]
    [TestCase("%PDF-1.7", "PDF")]
    [TestCase("P4 8 8\n", "P4")]
    public void Read_OtherPictureFormat_IsNamedWithAHint(string start, string name)
    {
        var refusal = Refusal(start);
        Assert.That(refusal.Kind, Is.EqualTo(DataFileErrorKind.Unsupported), refusal.Message);
        Assert.That(refusal.Message, Does.Contain(name).And.Contain("convert it to PNG or JPEG"));
    }

    [TestCase("<!DOCTYPE html><html>", "web page")]
    [TestCase("version https://git-lfs.github.com/spec/v1\n", "git lfs pull")]
    [TestCase("\u0089PNG\n\u001a\n", "text-mode")]
    [TestCase("hello", "68656C6C6F")]
    public void Read_NoPicture_SaysWhatItLooksLike(string start, string words)
    {
        var refusal = Refusal(start);
        Assert.That(refusal.Kind, Is.EqualTo(DataFileErrorKind.NotThisFormat), refusal.Message);
        Assert.That(refusal.Message, Does.Contain(words));
    }

    private static DataFileException Refusal(string start) =>
        Assert.Throws<DataFileException>(() => PictureReader.Read(Encoding.Latin1.GetBytes(start)))!;
}
