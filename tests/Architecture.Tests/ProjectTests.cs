using System.Text.RegularExpressions;

namespace ResNeSt.Architecture.Tests;

/// <summary>The arrows between projects, and what each project may depend on.</summary>
public sealed partial class ProjectTests
{
    [Test]
    public void ProjectReferences_FollowTheTableOfTheArchitecturePage()
    {
        var table = ArrowTable();
        var failures = new List<string>();
        foreach (var project in SourceTree.Projects.Values)
        {
            string? row = table.Keys.FirstOrDefault(folder => project.Folder == folder || (IsArea(folder) && project.Folder.StartsWith(folder, StringComparison.Ordinal)));
            if (row is null)
            {
                failures.Add($"{project.Path} has no row");
                continue;
            }

            if (table[row] is not { } allowed)
                continue;
            failures.AddRange(project.References
                .Where(reference => !allowed.Contains(SourceTree.Projects[reference].Name))
                .Select(reference => $"{project.Path} references {reference}, its row allows {string.Join(", ", allowed)}"));
        }

        foreach (string folder in table.Keys.Where(folder => !SourceTree.Projects.Values.Any(project => project.Folder.StartsWith(folder, StringComparison.Ordinal))))
            failures.Add($"the row of {folder} has no project");
        Assert.That(failures, Is.Empty, "see the table of projects and arrows in ARCHITECTURE.md");
    }

    [Test]
    public void ArrowTable_IsRead()
    {
        var table = ArrowTable();
        Assert.That(table["src/Tensor"], Is.Empty);
        Assert.That(table["src/ResNeSt"], Is.SupersetOf(new[] { "ResNeSt.Nn", "ResNeSt.Weights", "ResNeSt.Kernels.Cpu" }));
        Assert.That(table["src/ResNeSt"], Has.No.Member("ResNeSt.Imaging"));
        Assert.That(table["tests"], Is.Null, "anything");
    }

    [Test]
    public void CpuKernels_AreNamedInOneFileOfTheModelProject() => Assert.That(
        SourceTree.Code("src/ResNeSt").Where(path => SourceTree.Lines(path).Any(line => line.Text.Contains("Kernels.Cpu", StringComparison.Ordinal))),
        Is.All.EqualTo("src/ResNeSt/DefaultBackends.cs"));

    [Test]
    public void Packages_StayWhereTheyBelong()
    {
        var failures = new List<string>();
        foreach (var project in SourceTree.Projects.Values)
        {
            string area = project.Folder.Split('/')[0];
            foreach (string package in project.Packages)
            {
                bool fits = package switch
                {
                    "ILGPU" or "ILGPU.Algorithms" => project.Folder == "src/Kernels/Ilgpu",
                    "System.CommandLine" => area == "tools",
                    _ => area is "tests" or "benchmarks",
                };
                if (!fits)
                    failures.Add($"{project.Path} may not use {package}");
            }
        }

        Assert.That(failures, Is.Empty);
    }

    [Test]
    public void PackageVersions_StandInOneFile() => Assert.That(
        SourceTree.Projects.Values
            .Where(project => project.Elements("PackageReference").Any(item => item.Attribute("Version") is not null || item.Attribute("VersionOverride") is not null))
            .Select(project => project.Path),
        Is.Empty, "versions belong in Directory.Packages.props");

    [Test]
    public void UnsafeCode_IsAllowedInKernelsWeightsAndBenchmarksOnly() => Assert.That(
        SourceTree.Projects.Values
            .Where(project => project.Property("AllowUnsafeBlocks") == "true")
            .Select(project => project.Folder)
            .Where(folder => !folder.StartsWith("src/Kernels/", StringComparison.Ordinal) && folder is not ("src/Weights" or "benchmarks" or "tests/Kernels.Cpu.Tests")),
        Is.Empty);

    [Test]
    public void Solution_HoldsEveryProject()
    {
        string solution = File.ReadAllText(Path.Combine(SourceTree.Root, "ResNeSt.sln")).Replace('\\', '/');
        var listed = ProjectPath().Matches(solution).Select(match => match.Groups[1].Value);
        Assert.That(listed, Is.EquivalentTo(SourceTree.Projects.Keys.Where(path => !path.StartsWith("artifacts/", StringComparison.Ordinal))));
    }

    [Test]
    public void ProjectNames_AreUniqueWhateverTheCase() => Assert.That(
        SourceTree.Projects.Values.GroupBy(project => project.Name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1).Select(group => group.Key),
        Is.Empty, "on Windows and macOS their assemblies would be one file");

    [Test]
    public void KernelsFolder_HasNoProjectOfItsOwn() => Assert.That(
        SourceTree.Projects.Values.Select(project => project.Folder), Has.No.Member("src/Kernels"), "its globs would swallow the children");

    /// <summary>Folder of each row and the names of the projects it may reference; null for anything.</summary>
    private static Dictionary<string, HashSet<string>?> ArrowTable()
    {
        var table = new Dictionary<string, HashSet<string>?>();
        var sourceRows = new HashSet<string>();
        foreach (var (_, line) in SourceTree.Lines("ARCHITECTURE.md"))
        {
            if (ArrowRow().Match(line) is not { Success: true } row)
                continue;
            string allowed = row.Groups[2].Value;
            foreach (Match folder in Quoted().Matches(row.Groups[1].Value.Split('→')[0]))
            {
                string path = folder.Groups[1].Value;
                if (allowed.Trim() == "anything")
                {
                    table[path] = null;
                    continue;
                }

                var names = new HashSet<string>();
                if (allowed.Contains("all of the above", StringComparison.Ordinal))
                    names.UnionWith(sourceRows);
                // What stands in brackets or behind a semicolon explains; project names are written without their prefix.
                foreach (string name in Explanation().Replace(allowed, "").Split([',', ';'], StringSplitOptions.TrimEntries))
                {
                    string first = name.Split(' ')[0];
                    var project = SourceTree.Projects.Values.FirstOrDefault(p => p.Name == "ResNeSt." + first || p.Name == first);
                    if (project is not null)
                        names.Add(project.Name);
                }

                table[path] = names;
                sourceRows.UnionWith(SourceTree.Projects.Values.Where(p => p.Folder == path).Select(p => p.Name));
            }
        }

        return table;
    }

    private static bool IsArea(string folder) => folder is "tests" or "benchmarks" or "teaching";

    [GeneratedRegex(@"^\|\s*(`[^|]+)\|\s*([^|]+)\|")]
    private static partial Regex ArrowRow();

    [GeneratedRegex(@"`([^`]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\([^)]*\)")]
    private static partial Regex Explanation();

    [GeneratedRegex("\"([^\"]+\\.csproj)\"")]
    private static partial Regex ProjectPath();
}
