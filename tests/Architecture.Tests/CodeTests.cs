using System.Text.RegularExpressions;

namespace ResNeSt.Architecture.Tests;

/// <summary>Rules that a line of code can break.</summary>
public sealed partial class CodeTests
{
    // Sub-namespaces that exist on purpose: what an author of a backend reads, compiled graphs, the oracle, and the cases.
    private static readonly Dictionary<string, string[]> ExtraNamespaces = new()
    {
        ["src/Tensor"] = ["ResNeSt.Tensors.Backends", "ResNeSt.Tensors.Graphs", "ResNeSt.Tensors.Reference"],
    };

    private static IEnumerable<string> AllCode => SourceTree.Code("src").Concat(SourceTree.Code("tools")).Concat(SourceTree.Code("tests")).Concat(SourceTree.Code("benchmarks"));

    [Test]
    public void Namespaces_AreFlatAndNamedLikeTheirProject()
    {
        var failures = new List<string>();
        foreach (var project in SourceTree.Projects.Values)
        {
            string expected = project.Property("RootNamespace") ?? project.Name;
            string[] allowed = [expected, .. ExtraNamespaces.GetValueOrDefault(project.Folder, [])];
            // A project inside another one's folder has files of its own.
            string[] inner = [.. SourceTree.Projects.Values.Where(other => other.Folder.StartsWith(project.Folder + "/", StringComparison.Ordinal)).Select(other => other.Folder + "/")];
            foreach (string path in SourceTree.Code(project.Folder).Where(path => !inner.Any(folder => path.StartsWith(folder, StringComparison.Ordinal))))
            {
                var declared = SourceTree.Lines(path).Select(line => Namespace().Match(line.Text)).FirstOrDefault(match => match.Success);
                if (declared is not null && !allowed.Contains(declared.Groups[1].Value))
                    failures.Add($"{path}: {declared.Groups[1].Value} instead of {expected}");
                if (declared is not null && !declared.Value.EndsWith(';'))
                    failures.Add($"{path}: write the namespace for the whole file, with a semicolon");
            }
        }

        Report(failures);
    }

    [Test]
    public void ConditionalCompilation_IsNotUsed() => ReportLines(AllCode, ConditionalDirective());

    [Test]
    public void Source_HasNoUnfinishedWork() => ReportLines(SourceTree.Code("src").Concat(SourceTree.Code("tools")), UnfinishedWork());

    [Test]
    public void Tests_AreNotSwitchedOffWithoutAReason() => ReportLines(SourceTree.Code("tests"), BareIgnore());

    [Test]
    public void Types_AvoidNamesThatImplicitUsingsMakeAmbiguous() => ReportLines(SourceTree.Code("src"), AmbiguousType());

    [Test]
    public void NamespacesAndNetworks_KeepTheirNames() => ReportLines(SourceTree.Code("src"), TakenName());

    [Test]
    public void Engine_DoesNotUseTheTensorPackage() => ReportLines(SourceTree.Code("src"), TensorPackage());

    [Test]
    public void Comparisons_AreWrittenSoThatNanFails() => ReportLines(AllCode, NanBlindComparison());

    [Test]
    public void Files_NameNoPlaceOnOneMachine()
    {
        string[] endings = [".cs", ".csproj", ".props", ".targets", ".proj", ".md", ".sh", ".json", ".yml", ".runsettings", ".sln"];
        var files = SourceTree.Files("").Where(path =>
            !path.StartsWith("tests/Data/", StringComparison.Ordinal)
            && path != "tests/Architecture.Tests/CodeTests.cs"
            && endings.Any(ending => path.EndsWith(ending, StringComparison.Ordinal)));
        ReportLines(files, MachinePath());
    }

    [Test]
    public void LongFiles_AreListed()
    {
        // A question to the author, not a rule: past about 300 lines ask whether two ideas share the file.
        foreach (string path in AllCode)
        {
            int lines = SourceTree.Lines(path).Count();
            if (lines > 300)
                TestContext.Out.WriteLine($"{lines,5} lines: {path}");
        }

        Assert.Pass();
    }

    private static void ReportLines(IEnumerable<string> paths, Regex forbidden) => Report(paths
        .SelectMany(path => SourceTree.Lines(path).Where(line => forbidden.IsMatch(line.Text)).Select(line => $"{path}:{line.Number}: {line.Text.Trim()}"))
        .Where(failure => !failure.StartsWith("tests/Architecture.Tests/CodeTests.cs", StringComparison.Ordinal)));

    private static void Report(IEnumerable<string> failures)
    {
        var list = failures.ToList();
        Assert.That(list, Is.Empty, string.Join('\n', list));
    }

    [GeneratedRegex(@"^\s*namespace\s+([\w.]+)\s*;?")]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^\s*#\s*(if|else|elif|endif|define)\b")]
    private static partial Regex ConditionalDirective();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b|NotImplementedException")]
    private static partial Regex UnfinishedWork();

    [GeneratedRegex(@"\[(Ignore|Explicit)(\(\s*""\s*""\s*\))?\]")]
    private static partial Regex BareIgnore();

    [GeneratedRegex(@"\b(class|struct|record|interface|enum)\s+(Buffer|Stream|Timer|Lock|Range|Random|Path|Version|Half)\b")]
    private static partial Regex AmbiguousType();

    [GeneratedRegex(@"\b(class|struct|record|interface|enum)\s+ResNeSt\b|^\s*namespace\s+ResNeSt\.Tensor\b(?!s)")]
    private static partial Regex TakenName();

    [GeneratedRegex(@"System\.Numerics\.Tensors")]
    private static partial Regex TensorPackage();

    [GeneratedRegex(@"(?<!\!\()\b(diff|difference|error|deviation)\w*\s*>\s*(tol|bound|limit|allowed)", RegexOptions.IgnoreCase)]
    private static partial Regex NanBlindComparison();

    [GeneratedRegex(@"(^|[\s""'`(=])/(work|root|home/\w+|Users/\w+)/|[A-Z]:\\Users\\|\.\./shared\b")]
    private static partial Regex MachinePath();
}
