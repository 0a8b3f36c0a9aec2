using System.Security.Cryptography;
using System.Text.Json;
using ResNeSt.Conformance;

namespace ResNeSt.Imaging.Tests;

/// <summary>All samplings, scan orders and resize filters against the hashes of what libjpeg-turbo and Pillow give.</summary>
public sealed class GoldenTests
{
    private static string Folder => Path.Combine(TestData.RepositoryRoot, "tests", "Imaging.Tests", "Golden");

    private static JsonElement Manifest => JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "golden.json"))).RootElement;

    private static IEnumerable<TestCaseData> JpegFiles() =>
        from e in Manifest.GetProperty("jpeg").EnumerateArray()
        select new TestCaseData(e).SetArgDisplayNames(e.GetProperty("file").GetString()!);

    private static IEnumerable<TestCaseData> Resizes() =>
        from e in Manifest.GetProperty("resize").EnumerateArray()
        select new TestCaseData(e).SetArgDisplayNames(
            $"{e.GetProperty("filter")} {e.GetProperty("width")} x {e.GetProperty("height")} {e.GetProperty("box")}".Replace("\n", ""));

    [TestCaseSource(nameof(JpegFiles))]
    public void Read_JpegOfAnySampling_EqualsLibjpegTurbo(JsonElement item)
    {
        var picture = PictureReader.Read(Path.Combine(Folder, item.GetProperty("file").GetString()!));

        Assert.That((picture.Width, picture.Height), Is.EqualTo((item.GetProperty("width").GetInt32(), item.GetProperty("height").GetInt32())));
        Assert.That(Hash(picture), Is.EqualTo(item.GetProperty("rgb_sha256").GetString()));
    }

    [TestCaseSource(nameof(Resizes))]
    public void Resize_AnyFilterAndBox_EqualsPillow(JsonElement item)
    {
        var cat = PictureReader.Read(TestData.File("images", "cat.png"));
        var edges = item.GetProperty("box");
        var box = edges.ValueKind == JsonValueKind.Null
            ? new ResizeBox(0, 0, cat.Width, cat.Height)
            : new ResizeBox(edges[0].GetSingle(), edges[1].GetSingle(), edges[2].GetSingle(), edges[3].GetSingle());

        var result = cat.Resize(item.GetProperty("width").GetInt32(), item.GetProperty("height").GetInt32(),
            Enum.Parse<ResizeFilter>(item.GetProperty("filter").GetString()!), box);

        Assert.That(Hash(result), Is.EqualTo(item.GetProperty("rgb_sha256").GetString()));
    }

    private static string Hash(Picture picture) => Convert.ToHexStringLower(SHA256.HashData(picture.Pixels));
}
