using System.Text.Json;
using ResNeSt.Conformance;

namespace ResNeSt.Imaging.Tests;

/// <summary>One picture of the images corpus.</summary>
public sealed record CorpusPicture(string File, string Expected, string? Unrotated, int Width, int Height)
{
    /// <summary>Kinds that are refused by name, because their pixels are a matter of opinion or too rare to read.</summary>
    public static IReadOnlyDictionary<string, string> RefusedByName { get; } = new Dictionary<string, string>
    {
        ["g01_palette.gif"] = "GIF",
        ["j07_cmyk.jpg"] = "CMYK",
        ["j17_arithmetic.jpg"] = "arithmetic",
    };

    public string Path => TestData.File("images", File);

    public byte[] ExpectedPixels => System.IO.File.ReadAllBytes(TestData.File("images", Expected));

    public static IEnumerable<CorpusPicture> All() =>
        from e in TestData.Json("images", "manifest.json").GetProperty("images").EnumerateArray()
        select new CorpusPicture(
            e.GetProperty("file").GetString()!,
            e.GetProperty("expected").GetString()!,
            e.TryGetProperty("expected_unrotated", out JsonElement name) ? name.GetString() : null,
            e.GetProperty("width").GetInt32(),
            e.GetProperty("height").GetInt32());

    public static IEnumerable<CorpusPicture> Readable() => All().Where(p => !RefusedByName.ContainsKey(p.File));

    public override string ToString() => File;
}
