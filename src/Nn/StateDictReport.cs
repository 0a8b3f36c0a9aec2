using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>How a state dict fitted a module.</summary>
/// <param name="Loaded">Names whose values were copied (in an exception: would have been).</param>
/// <param name="Missing">Names of the module that the source lacks; optional counters are not listed.</param>
/// <param name="Unexpected">Names of the source that the module lacks.</param>
/// <param name="WrongShape">Names that fit while the shapes do not.</param>
public sealed record StateDictReport(IReadOnlyList<string> Loaded, IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected,
    IReadOnlyList<StateDictMismatch> WrongShape)
{
    /// <summary>True if nothing was missing, unexpected or of another shape.</summary>
    public bool IsExact => Missing.Count == 0 && Unexpected.Count == 0 && WrongShape.Count == 0;

    /// <summary>One line: how many fitted, and the first few that did not.</summary>
    public override string ToString()
    {
        var parts = new List<string> { $"{Loaded.Count} tensors fit" };
        Describe(parts, "of another shape", WrongShape, mismatch => $"{mismatch.Name}: module {mismatch.Expected}, source {mismatch.Found}");
        Describe(parts, "missing", Missing, name => name);
        Describe(parts, "unexpected", Unexpected, DataFileException.Escape);
        return string.Join("; ", parts);
    }

    private static void Describe<T>(List<string> parts, string what, IReadOnlyList<T> items, Func<T, string> write)
    {
        if (items.Count > 0)
            parts.Add($"{items.Count} {what} ({string.Join(", ", items.Take(4).Select(write))}{(items.Count > 4 ? ", ..." : "")})");
    }
}

/// <summary>A tensor of the right name and the wrong shape.</summary>
/// <param name="Name">Full name.</param>
/// <param name="Expected">The module's shape.</param>
/// <param name="Found">The source's shape.</param>
public readonly record struct StateDictMismatch(string Name, Shape Expected, Shape Found);
