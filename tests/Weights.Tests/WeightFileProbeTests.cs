using System.Text;
using ResNeSt.Tensors;

namespace ResNeSt.Weights.Tests;

internal sealed class WeightFileProbeTests
{
    [TestCase("<!DOCTYPE html><title>404</title>", "HTML", DataFileErrorKind.NotThisFormat)]
    [TestCase("\n\n  <html>", "HTML", DataFileErrorKind.NotThisFormat)]
    [TestCase("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "git lfs pull", DataFileErrorKind.NotThisFormat)]
    [TestCase("7z\u00BC\u00AF\u0027\u001C\0\u0004", "7z", DataFileErrorKind.NotThisFormat)]
    [TestCase("\u001F\u008B\b\0\0\0\0\0", "gzip", DataFileErrorKind.NotThisFormat)]
    [TestCase("GGUF\u0003\0\0\0\0\0\0\0", "GGUF", DataFileErrorKind.NotThisFormat)]
    [TestCase("\u0089HDF\r\n\u001A\n", "HDF5", DataFileErrorKind.NotThisFormat)]
    [TestCase("\u0093NUMPY\u0001\0", "NumPy", DataFileErrorKind.NotThisFormat)]
    [TestCase("{\"metadata\": {}}", "JSON", DataFileErrorKind.NotThisFormat)]
    [TestCase("PK\u0005\u0006\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "empty zip", DataFileErrorKind.NotThisFormat)]
    [TestCase("hello world, I am no weights", "no weight file", DataFileErrorKind.NotThisFormat)]
    [TestCase("", "empty", DataFileErrorKind.Truncated)]
    public void Open_ForeignFile_IsNamed(string contents, string named, DataFileErrorKind kind)
    {
        using var folder = new TemporaryFolder();
        foreach (string name in new[] { "weights", "weights.bin", "weights.pth", "weights.params" })
        {
            string path = folder.Write(name, Encoding.Latin1.GetBytes(contents));
            var refusal = Assert.Throws<DataFileException>(() => WeightFile.Open(path).Dispose())!;
            Assert.That(refusal.Kind, Is.EqualTo(kind), refusal.Message);
            Assert.That(refusal.Message, Does.Contain(named));
            HostileCorpus.CheckMessage(refusal, path);
        }
    }

    [Test]
    public void Open_Tar_IsRefusedWithAdvice()
    {
        var bytes = new byte[1024];
        "ustar"u8.CopyTo(bytes.AsSpan(257));
        using var folder = new TemporaryFolder();
        var refusal = Assert.Throws<DataFileException>(() => WeightFile.Open(folder.Write("old.pth", bytes)).Dispose())!;
        Assert.That(refusal.Kind, Is.EqualTo(DataFileErrorKind.Unsupported));
        Assert.That(refusal.Message, Does.Contain("tar").And.Contain("state_dict"));
    }

    [Test]
    public void Open_Missing_IsUnreadable()
        => Assert.That(() => WeightFile.Open(Path.Combine(Path.GetTempPath(), "no-such-file.pth")),
            Throws.TypeOf<DataFileException>().With.Property("Kind").EqualTo(DataFileErrorKind.Unreadable).And.Message.Contains("does not exist"));

    [Test]
    public void Open_Folder_IsUnreadable()
        => Assert.That(() => WeightFile.Open(Path.GetTempPath()),
            Throws.TypeOf<DataFileException>().With.Property("Kind").EqualTo(DataFileErrorKind.Unreadable).And.Message.Contains("folder"));

    [TestCase("w.safetensors", true)]
    [TestCase("w", true)]
    [TestCase("w.bin", true)]
    [TestCase("w.SafeTensors", true)]
    [TestCase("w.pth", false)]
    [TestCase("w.PT", false)]
    [TestCase("w.params", false)]
    public void Open_Safetensors_GoesByContentsAndRefusesALyingExtension(string name, bool accepted)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write(name, SafetensorsBytes.Written([WeightSource.FromBytes("w", WeightDType.U8, [1], new byte[1])]));
        if (accepted)
        {
            using var file = WeightFile.Open(path);
            Assert.That(file.Format, Is.EqualTo(WeightFileFormat.Safetensors));
        }
        else
            Assert.That(() => WeightFile.Open(path), Throws.TypeOf<DataFileException>().With.Property("Kind").EqualTo(DataFileErrorKind.NotThisFormat).And.Message.Contains("rename"));
    }

    [Test]
    public void Open_HeaderLengthThatLooksLikeAnotherMagic_IsStillSafetensors()
    {
        // 640 = 0x0280 begins like a pickle, 274 = 0x112 like MXNet, 60 like '<'.
        using var folder = new TemporaryFolder();
        foreach (int length in new[] { 640, 274, 60 })
        {
            string header = """{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""";
            using var file = WeightFile.Open(folder.Write($"{length}", SafetensorsBytes.File(header.PadRight(length), 1)));
            Assert.That(file.Format, Is.EqualTo(WeightFileFormat.Safetensors));
        }
    }
}
