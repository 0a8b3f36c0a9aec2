using ResNeSt.Tensors;
using ResNeSt.Weights;

namespace ResNeSt.WeightConverter;

/// <summary>Which tensors of a file are written, and under which names.</summary>
internal sealed record Selection
{
    private Selection()
    {
    }

    /// <summary>Each tensor with its name in the file to be written.</summary>
    public required IReadOnlyList<(WeightEntry Entry, string Name)> Tensors { get; init; }

    /// <summary>How names were found, where they were.</summary>
    public NameMapping? Mapping { get; private init; }

    /// <summary>How the file fits the model, where one was named.</summary>
    public WeightMatchReport? Match { get; private init; }

    /// <summary>Tensors of the file that are not written.</summary>
    public IReadOnlyList<string> Dropped { get; private init; } = [];

    /// <summary>What the user should know.</summary>
    public IReadOnlyList<string> Warnings { get; private init; } = [];

    /// <summary>Tensors whose name changes.</summary>
    public int Renamed => Tensors.Count(tensor => tensor.Entry.Name != tensor.Name);

    /// <summary>Chooses the tensors.</summary>
    /// <param name="file">The file.</param>
    /// <param name="expected">Names and shapes of a model, or null.</param>
    /// <param name="model">The model's name, or null.</param>
    /// <param name="rename">Whether names become official ones.</param>
    /// <param name="map">Whose names the file uses; null finds it.</param>
    /// <param name="preferAverage">Take averaged weights.</param>
    /// <exception cref="DataFileException">The file does not fit the model.</exception>
    public static Selection Choose(WeightFile file, IReadOnlyDictionary<string, Shape>? expected, string? model, bool rename, NameMap? map, bool preferAverage)
    {
        if (expected is not null)
            return Choose(file, WeightMatchReport.Create(file, expected, map, preferAverage).ThrowIfIncomplete(model!));
        if (!rename)
            return new Selection { Tensors = [.. file.Entries.Select(entry => (entry, entry.Name))] };
        NameMapping mapping;
        try
        {
            mapping = NameMapping.Detect(file.Entries.Select(entry => entry.Name), null, map, preferAverage);
        }
        catch (DataFileException error)
        {
            throw error.WithFile(file.FilePath);
        }

        return new Selection
        {
            Tensors = [.. file.Entries.Where(entry => mapping.Official.ContainsKey(entry.Name)).Select(entry => (entry, mapping.Official[entry.Name]))],
            Mapping = mapping,
            Dropped = mapping.Outside,
            Warnings = About(mapping, preferAverage),
        };
    }

    private static Selection Choose(WeightFile file, WeightMatchReport match)
    {
        var written = match.Matched.ToDictionary(pair => pair.Value.Name, pair => pair.Key, StringComparer.Ordinal);
        return new Selection
        {
            Tensors = [.. file.Entries.Where(entry => written.ContainsKey(entry.Name)).Select(entry => (entry, written[entry.Name]))],
            Mapping = match.Mapping,
            Match = match,
            Dropped = [.. file.Entries.Select(entry => entry.Name).Where(name => !written.ContainsKey(name))],
            Warnings = [.. About(match.Mapping, false), .. match.Unexpected.Take(1).Select(name => $"{match.Unexpected.Count} tensors are not of this model and are left out ('{DataFileException.Escape(name)}'{(match.Unexpected.Count > 1 ? ", …" : "")})")],
        };
    }

    private static string[] About(NameMapping mapping, bool preferAverage)
    {
        if (preferAverage && !mapping.Wrapper.Contains("ema", StringComparison.Ordinal))
            return ["--ema: the file holds no averaged weights; the plain ones are used"];
        return [.. mapping.Alternatives.Where(other => other.Contains("ema", StringComparison.Ordinal)).Take(1)
            .Select(other => $"the file holds averaged weights too ('{DataFileException.Escape(other)}'); --ema takes them")];
    }
}
