using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using ResNeSt.Conformance;
using ResNeSt.Tensors;

namespace ResNeSt.Weights.Tests;

/// <summary>The corpus of hostile and odd files: each must be refused with a kind of its list, or give exactly the listed values.</summary>
internal static class HostileCorpus
{
    /// <summary>All files of one format, one test case each.</summary>
    public static IEnumerable<TestCaseData> Files(string format)
        => from file in TestData.Json("hostile", "manifest.json").GetProperty("files").EnumerateArray()
           where file.GetProperty("format").GetString() == format
           select new TestCaseData(file).SetArgDisplayNames(file.GetProperty("file").GetString()!);

    /// <summary>Opens a file of the corpus, reads all of it, and compares verdict, kind, values, time and memory.</summary>
    public static void Check(JsonElement file, Func<string, WeightFile> open)
    {
        string path = TestData.File("hostile", file.GetProperty("file").GetString()!.Replace('/', Path.DirectorySeparatorChar));
        string expect = file.GetProperty("expect").GetString()!;
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        var clock = Stopwatch.StartNew();
        var processor = Environment.CpuUsage.TotalTime;
        DataFileException? refusal = null;
        try
        {
            using var opened = open(path);
            CheckValues(file, opened);
        }
        catch (DataFileException error)
        {
            refusal = error;
        }

        clock.Stop();
        Assert.Multiple(() =>
        {
            // Two seconds of work; a crowded machine may take longer over them.
            Assert.That((Environment.CpuUsage.TotalTime - processor).TotalSeconds, Is.LessThan(2), "processor time");
            Assert.That(clock.Elapsed.TotalSeconds, Is.LessThan(20), "time");
            Assert.That(GC.GetTotalAllocatedBytes(precise: true) - allocated, Is.LessThan(512L << 20), "memory");
            Assert.That(Markers(), Is.Empty, "the file ran something");
            if (refusal is null)
                Assert.That(expect, Is.Not.EqualTo("refuse"), "accepted");
            else
                CheckRefusal(file, expect, path, refusal);
        });
    }

    /// <summary>A refusal names the file, the place, and is safe to print.</summary>
    public static void CheckMessage(DataFileException refusal, string path)
    {
        Assert.Multiple(() =>
        {
            Assert.That(refusal.File, Is.EqualTo(path));
            Assert.That(refusal.Message, Does.StartWith(DataFileException.Escape(path)));
            Assert.That(refusal.Message, Has.None.Matches<char>(c => char.IsControl(c) || char.IsSurrogate(c)), "unescaped");
            Assert.That(refusal.Message, Has.Length.LessThan(1000));
            Assert.That(refusal.What, Has.Length.GreaterThan(10));
        });
    }

    private static void CheckRefusal(JsonElement file, string expect, string path, DataFileException refusal)
    {
        Assert.That(expect, Is.Not.EqualTo("accept"), refusal.Message);
        var kinds = file.TryGetProperty("kind", out var list) ? list.EnumerateArray().Select(kind => kind.GetString()).ToArray() : [];
        Assert.That(kinds, Does.Contain(refusal.Kind.ToString()), refusal.Message);
        CheckMessage(refusal, path);
    }

    private static void CheckValues(JsonElement file, WeightFile opened)
    {
        var read = opened.Entries.ToDictionary(entry => entry.Name, entry => (Entry: entry, Bytes: opened.Read(entry).ToArray()));
        if (!file.TryGetProperty("check", out var checks))
            return;
        Assert.That(read.Keys, Is.EquivalentTo(checks.EnumerateArray().Select(check => check.GetProperty("name").GetString())));
        foreach (var check in checks.EnumerateArray())
        {
            var (entry, bytes) = read[check.GetProperty("name").GetString()!];
            Assert.Multiple(() =>
            {
                Assert.That(entry.DTypeName, Is.EqualTo(check.GetProperty("dtype").GetString()));
                Assert.That(entry.Shape, Is.EqualTo(check.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64())));
                Assert.That(Convert.ToHexStringLower(SHA256.HashData(bytes)), Is.EqualTo(check.GetProperty("sha256").GetString()));
            });
        }
    }

    private static string[] Markers()
        => [.. new[] { TestData.Folder("hostile"), Environment.CurrentDirectory, AppContext.BaseDirectory, Path.GetPathRoot(AppContext.BaseDirectory)! }
            .Select(folder => Path.Combine(folder, "hostile_marker"))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFileSystemEntries(folder))];
}
