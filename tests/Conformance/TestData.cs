using System.Text.Json;

namespace ResNeSt.Conformance;

/// <summary>The place of test data made by others: tests/Data of this repository, or the folder that RESNEST_TEST_DATA names.</summary>
/// <remarks>A folder given by the variable may hold any of golden, opinfo, onnx, hostile, images, torch_files and torch_nets;
/// what it lacks is taken from the repository, so that no test falls silent.</remarks>
public static class TestData
{
    private static readonly Lazy<string> Root = new(FindRepositoryRoot);

    /// <summary>The folder that holds ResNeSt.sln.</summary>
    public static string RepositoryRoot => Root.Value;

    /// <summary>The full path of one data folder, for example <c>golden</c>.</summary>
    public static string Folder(string name)
    {
        string? given = Environment.GetEnvironmentVariable("RESNEST_TEST_DATA");
        if (!string.IsNullOrEmpty(given))
        {
            if (!Directory.Exists(given))
                throw new DirectoryNotFoundException($"RESNEST_TEST_DATA names '{given}', which is no folder");
            string candidate = Path.Combine(given, name);
            if (Directory.Exists(candidate))
                return candidate;
        }

        return Path.Combine(RepositoryRoot, "tests", "Data", name);
    }

    /// <summary>The full path of one file inside a data folder.</summary>
    public static string File(string folder, string file) => Path.Combine(Folder(folder), file);

    /// <summary>A JSON file of a data folder, parsed.</summary>
    public static JsonElement Json(string folder, string file)
    {
        using var stream = System.IO.File.OpenRead(File(folder, file));
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }

    private static string FindRepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "ResNeSt.sln")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException($"no ResNeSt.sln above {AppContext.BaseDirectory}");
    }
}
