using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>How the tensors of a file fit a network: what matches, what is missing, unexpected or of the wrong shape.</summary>
public sealed class WeightMatchReport
{
    private WeightMatchReport(string filePath, NameMapping mapping) => (FilePath, Mapping) = (filePath, mapping);

    /// <summary>The file, as the caller gave its path.</summary>
    public string FilePath { get; }

    /// <summary>How the file's names became official ones.</summary>
    public NameMapping Mapping { get; }

    /// <summary>For each fitting official name the tensor of the file.</summary>
    public IReadOnlyDictionary<string, WeightEntry> Matched { get; private init; } = new Dictionary<string, WeightEntry>();

    /// <summary>Official names that the file lacks. Counters of batch normalisation (<c>num_batches_tracked</c>) may be absent and are not listed.</summary>
    public IReadOnlyList<string> Missing { get; private init; } = [];

    /// <summary>Tensors of the file that the network does not have, by the name in the file.</summary>
    public IReadOnlyList<string> Unexpected { get; private init; } = [];

    /// <summary>Tensors whose name fits and whose shape does not.</summary>
    public IReadOnlyList<WeightShapeMismatch> WrongShape { get; private init; } = [];

    /// <summary>True when every tensor of the network was found with its shape. Unexpected tensors do not matter.</summary>
    public bool IsComplete => Missing.Count == 0 && WrongShape.Count == 0;

    /// <summary>Compares a file with a network.</summary>
    /// <param name="file">The file.</param>
    /// <param name="expected">Official names and shapes of the network.</param>
    /// <param name="map">The map of the file's names; null finds it.</param>
    /// <param name="preferAverage">Take a checkpoint's moving average of the weights, where it has one.</param>
    /// <exception cref="DataFileException">Two names of the file come to the same official name.</exception>
    public static WeightMatchReport Create(WeightFile file, IReadOnlyDictionary<string, Shape> expected, NameMap? map = null, bool preferAverage = false)
    {
        NameMapping mapping;
        try
        {
            mapping = NameMapping.Detect(file.Entries.Select(entry => entry.Name), expected.Keys, map, preferAverage);
        }
        catch (DataFileException error)
        {
            throw error.WithFile(file.FilePath);
        }

        var matched = new Dictionary<string, WeightEntry>(expected.Count, StringComparer.Ordinal);
        var wrong = new List<WeightShapeMismatch>();
        var unexpected = new List<string>();
        foreach (var (name, official) in mapping.Official)
        {
            var entry = file[name];
            if (!expected.TryGetValue(official, out var shape))
                unexpected.Add(name);
            else if (SameShape(entry, shape))
                matched.Add(official, entry);
            else
                wrong.Add(new WeightShapeMismatch(official, name, shape, entry.ShapeText));
        }

        var known = wrong.Select(mismatch => mismatch.Name).ToHashSet(StringComparer.Ordinal);
        return new WeightMatchReport(file.FilePath, mapping)
        {
            Matched = matched,
            Missing = [.. expected.Keys.Where(name => !matched.ContainsKey(name) && !known.Contains(name) && !IsOptional(name))],
            Unexpected = unexpected,
            WrongShape = wrong,
        };
    }

    /// <summary>Refuses weights that leave a tensor of the network without values.</summary>
    /// <exception cref="DataFileException">Kind <see cref="DataFileErrorKind.ModelMismatch"/>; the message names the first of each sort.</exception>
    public WeightMatchReport ThrowIfIncomplete(string model)
    {
        if (IsComplete)
            return this;
        string what = $"these weights do not fit {DataFileException.Escape(model)}: {this}; name the right model or map";
        throw new DataFileException(DataFileErrorKind.ModelMismatch, what, FilePath);
    }

    /// <summary>One line: the counts, and the first of each sort.</summary>
    public override string ToString()
    {
        string text = $"{Matched.Count} matched";
        if (Missing.Count > 0)
            text += $", {Missing.Count} missing ({DataFileException.Escape(Missing[0])}{(Missing.Count > 1 ? ", …" : "")})";
        if (WrongShape.Count > 0)
            text += $", {WrongShape.Count} of another shape ({WrongShape[0]}{(WrongShape.Count > 1 ? ", …" : "")})";
        if (Unexpected.Count > 0)
            text += $", {Unexpected.Count} unexpected ({DataFileException.Escape(Unexpected[0])}{(Unexpected.Count > 1 ? ", …" : "")})";
        return text;
    }

    private static bool IsOptional(string name) => name.EndsWith(".num_batches_tracked", StringComparison.Ordinal);

    private static bool SameShape(WeightEntry entry, Shape shape)
    {
        if (entry.Shape.Length != shape.Rank)
            return false;
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            if (entry.Shape[axis] != shape[axis])
                return false;
        }

        return true;
    }
}
