using System.Xml.Linq;
using ResNeSt.Conformance;

namespace ResNeSt.Architecture.Tests;

/// <summary>The files of the repository, without what builds leave behind.</summary>
internal static class SourceTree
{
    private static readonly string[] Skipped = ["bin", "obj", "artifacts", ".git", ".vs", ".idea", "TestResults", "BenchmarkDotNet.Artifacts", "node_modules"];

    /// <summary>The folder that holds ResNeSt.sln.</summary>
    public static string Root => TestData.RepositoryRoot;

    /// <summary>Every project, by the path of its file from the root, with forward slashes.</summary>
    public static IReadOnlyDictionary<string, Project> Projects { get; } =
        Files("").Where(path => path.EndsWith(".csproj", StringComparison.Ordinal)).ToDictionary(path => path, path => new Project(path));

    /// <summary>Files below a folder, as paths from the root with forward slashes, sorted.</summary>
    public static IEnumerable<string> Files(string folder) => Walk(new DirectoryInfo(Path.Combine(Root, folder)))
        .Select(file => Path.GetRelativePath(Root, file.FullName).Replace('\\', '/'))
        .Order(StringComparer.Ordinal);

    /// <summary>C# files below a folder.</summary>
    public static IEnumerable<string> Code(string folder) => Files(folder).Where(path => path.EndsWith(".cs", StringComparison.Ordinal));

    /// <summary>The lines of a file with their numbers from one.</summary>
    public static IEnumerable<(int Number, string Text)> Lines(string path) =>
        File.ReadLines(Path.Combine(Root, path)).Select((text, index) => (index + 1, text));

    private static IEnumerable<FileInfo> Walk(DirectoryInfo folder) => folder.EnumerateFiles()
        .Concat(folder.EnumerateDirectories().Where(child => !Skipped.Contains(child.Name)).SelectMany(Walk));

    /// <summary>What a project file says.</summary>
    internal sealed class Project
    {
        private readonly XDocument _document;

        public Project(string path)
        {
            Path = path;
            Folder = path[..path.LastIndexOf('/')];
            Name = System.IO.Path.GetFileNameWithoutExtension(path);
            _document = XDocument.Load(System.IO.Path.Combine(Root, path));
            References = [.. Items("ProjectReference").Select(include =>
                System.IO.Path.GetRelativePath(Root, System.IO.Path.Combine(Root, Folder, include)).Replace('\\', '/'))];
            Packages = [.. Items("PackageReference")];
        }

        public string Path { get; }

        /// <summary>The folder, from the root.</summary>
        public string Folder { get; }

        public string Name { get; }

        /// <summary>Paths of the projects it references.</summary>
        public IReadOnlyList<string> References { get; }

        public IReadOnlyList<string> Packages { get; }

        public string? Property(string name) => _document.Descendants(name).LastOrDefault()?.Value;

        public IEnumerable<XElement> Elements(string name) => _document.Descendants(name);

        private IEnumerable<string> Items(string name) => _document.Descendants(name).Select(item => (string?)item.Attribute("Include")).OfType<string>();
    }
}
