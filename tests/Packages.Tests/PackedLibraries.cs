using System.Xml.Linq;
using ResNeSt.Conformance;

namespace ResNeSt.Packages.Tests;

/// <summary>The libraries under src that this build packs.</summary>
internal static class PackedLibraries
{
    /// <summary>Names of assemblies, which are the ids of the packages. The GPU backend is among them where it was built.</summary>
    public static IEnumerable<string> Names => Directory
        .EnumerateFiles(Path.Combine(TestData.RepositoryRoot, "src"), "*.csproj", SearchOption.AllDirectories)
        .Select(path => XDocument.Load(path).Descendants("AssemblyName").FirstOrDefault()?.Value ?? Path.GetFileNameWithoutExtension(path))
        .Where(name => name != "ResNeSt.Kernels.Ilgpu" || File.Exists(Path.Combine(AppContext.BaseDirectory, name + ".dll")))
        .Order(StringComparer.Ordinal);
}
