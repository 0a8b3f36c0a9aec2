using System.Reflection;
using ResNeSt.Conformance;

namespace ResNeSt.Packages.Tests;

/// <summary>The public API of each package stands in a text file, so that no change of it passes unseen.</summary>
public sealed class ApiTests
{
    private static string Folder => Path.Combine(TestData.RepositoryRoot, "api");

    private static IEnumerable<string> Libraries => PackedLibraries.Names;

    [TestCaseSource(nameof(Libraries))]
    public void PublicApi_IsTheOneInItsFile(string library)
    {
        string file = Path.Combine(Folder, library + ".txt");
        string actual = ApiText.Of(Assembly.Load(library));
        if (Environment.GetEnvironmentVariable("RESNEST_UPDATE_DOCS") == "1")
        {
            Directory.CreateDirectory(Folder);
            File.WriteAllText(file, actual);
            return;
        }

        string expected = File.Exists(file) ? File.ReadAllText(file).ReplaceLineEndings("\n") : "";
        string[] before = expected.Split('\n'), after = actual.Split('\n');
        string[] difference = [.. Changes(before, after, "- "), .. Changes(after, before, "+ ")];
        Assert.That(actual, Is.EqualTo(expected),
            $"the public API of {library} changed; if that was meant, run dev/update-docs.sh and commit api/{library}.txt:\n{string.Join('\n', difference)}");
    }

    [Test]
    public void ApiFolder_HoldsPackedLibrariesOnly()
    {
        // The GPU backend's file stays where this build has no such library.
        string[] known = [.. PackedLibraries.Names, "ResNeSt.Kernels.Ilgpu"];
        Assert.That(Directory.EnumerateFiles(Folder).Select(Path.GetFileNameWithoutExtension), Is.SubsetOf(known));
    }

    /// <summary>Lines of one text that the other lacks, each below the type that it belongs to.</summary>
    private static IEnumerable<string> Changes(string[] text, string[] other, string mark)
    {
        var known = Qualified(other).ToHashSet();
        return Qualified(text).Where(line => !known.Contains(line)).Select(line => mark + line);
    }

    private static IEnumerable<string> Qualified(string[] lines)
    {
        string type = "";
        foreach (string line in lines.Where(line => line != ""))
        {
            if (!line.StartsWith(' '))
                yield return type = line;
            else
                yield return $"{type.Split(" : ")[0]} → {line.Trim()}";
        }
    }
}
