using ResNeSt.Conformance;
using ResNeSt.Tensors;

namespace ResNeSt.Weights.Tests;

/// <summary>Complete name and shape lists of published networks.</summary>
internal static class KeyInventory
{
    /// <summary>All lists, by network.</summary>
    public static IEnumerable<string> All => Directory.EnumerateFiles(TestData.Folder("keys"), "*.tsv").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);

    /// <summary>Names and shapes of one network, in the order of its file.</summary>
    public static Dictionary<string, Shape> Read(string network)
        => File.ReadLines(TestData.File("keys", network + ".tsv")).Select(line => line.Split('\t'))
            .ToDictionary(fields => fields[0], fields => Shape.Create([.. fields[1].Split('x', StringSplitOptions.RemoveEmptyEntries).Where(extent => char.IsAsciiDigit(extent[0])).Select(int.Parse)]));

    /// <summary>A tensor of zeros for each name.</summary>
    public static IEnumerable<WeightSource> Zeros(IEnumerable<KeyValuePair<string, Shape>> shapes)
        => shapes.Select(pair => WeightSource.FromBytes(pair.Key, WeightDType.U8, [.. pair.Value.Select(extent => (long)extent)], new byte[pair.Value.ElementCount]));
}
