using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using ResNeSt.Conformance;
using ResNeSt.Tensors;

namespace ResNeSt.Imaging.Tests;

/// <summary>The hostile pictures: verdict, kind, values, time and memory as their manifest demands.</summary>
public sealed class HostileTests
{
    private const long MemoryLimit = 512L << 20;
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(2);

    public static IEnumerable<TestCaseData> Files() =>
        from e in TestData.Json("hostile", "manifest.json").GetProperty("files").EnumerateArray()
        let file = e.GetProperty("file").GetString()!
        where file.StartsWith("images/", StringComparison.Ordinal)
        select new TestCaseData(e).SetArgDisplayNames(file);

    [TestCaseSource(nameof(Files))]
    public void Read_HostileFile_FollowsTheManifest(JsonElement item)
    {
        string path = TestData.File("hostile", item.GetProperty("file").GetString()!);
        string expect = item.GetProperty("expect").GetString()!;
        var clock = Stopwatch.StartNew();
        long before = GC.GetTotalAllocatedBytes(precise: true);
        Picture? picture = null;
        DataFileException? refusal = null;
        try
        {
            picture = PictureReader.Read(path);
        }
        catch (DataFileException e)
        {
            refusal = e;
        }

        Assert.That(clock.Elapsed, Is.LessThan(TimeLimit));
        Assert.That(GC.GetTotalAllocatedBytes(precise: true) - before, Is.LessThan(MemoryLimit));
        if (refusal is not null)
            CheckRefusal(item, expect, path, refusal);
        else
            CheckValues(item, expect, picture!);
    }

    [TestCaseSource(nameof(Files))]
    public void Identify_HostileFile_AnswersOrRefuses(JsonElement item)
    {
        string path = TestData.File("hostile", item.GetProperty("file").GetString()!);
        try
        {
            Assert.That(PictureReader.Identify(path).Width, Is.Positive);
        }
        catch (DataFileException e)
        {
            Assert.That(item.GetProperty("expect").GetString(), Is.Not.EqualTo("accept"), e.Message);
        }
    }

    private static void CheckRefusal(JsonElement item, string expect, string path, DataFileException refusal)
    {
        Assert.That(expect, Is.Not.EqualTo("accept"), refusal.Message);
        string[] kinds = item.GetProperty("kind").EnumerateArray().Select(k => k.GetString()!).ToArray();
        Assert.That(kinds, Does.Contain(refusal.Kind.ToString()), refusal.Message);
        Assert.That(refusal.File, Is.EqualTo(path));
        Assert.That(refusal.Offset, Is.InRange(0, new FileInfo(path).Length), refusal.Message);
        Assert.That(refusal.Message, Does.Contain($"byte {refusal.Offset}").And.Not.Contain("\n"));
        // What is wrong comes before the last comma or semicolon, what to do behind it.
        Assert.That(refusal.What, Does.Match("; .*(fetch|save|convert|shrink|transfer|check)"));
    }

    private static void CheckValues(JsonElement item, string expect, Picture picture)
    {
        Assert.That(expect, Is.Not.EqualTo("refuse"), "was read");
        if (!item.TryGetProperty("check", out var check))
            return;
        foreach (var values in check.EnumerateArray())
        {
            Assert.That((picture.Width, picture.Height), Is.EqualTo((values.GetProperty("width").GetInt32(), values.GetProperty("height").GetInt32())));
            Assert.That(Convert.ToHexStringLower(SHA256.HashData(picture.Pixels)), Is.EqualTo(values.GetProperty("rgb_sha256").GetString()));
        }
    }
}
