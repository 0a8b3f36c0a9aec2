using System.Reflection;

namespace ResNeSt.Models;

/// <summary>Names of the 1000 classes of ImageNet-1k in the order of the networks' outputs (WordNet ids), from torchvision (BSD-3-Clause).</summary>
public static class ImageNetClasses
{
    private static readonly Lazy<IReadOnlyList<string>> Lines = new(Read);

    /// <summary>1000 names; index 285 is "Egyptian cat".</summary>
    public static IReadOnlyList<string> Names => Lines.Value;

    private static IReadOnlyList<string> Read()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("ResNeSt.Models.ImageNetClasses.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
