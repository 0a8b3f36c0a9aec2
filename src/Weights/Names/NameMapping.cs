using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>The names of one file, brought to the official grammar: what wraps them was found and taken away, and whose names they are.</summary>
public sealed class NameMapping
{
    /// <summary>Keys under which checkpoints keep a network's tensors; averaged weights last, as they are a second copy.</summary>
    private static readonly string[] Wrappers =
        ["state_dict", "model", "model_state_dict", "model_state", "net", "network", "module", "params", "state_dict_ema", "model_ema", "ema", "ema_state_dict"];

    private const int MostWrappers = 3;

    private NameMapping(NameMap map, string wrapper, IReadOnlyDictionary<string, string> official, IReadOnlyList<string> outside, IReadOnlyList<string> alternatives)
    {
        Map = map;
        Wrapper = wrapper;
        Official = official;
        Outside = outside;
        Alternatives = alternatives;
    }

    /// <summary>Whose names the file uses.</summary>
    public NameMap Map { get; }

    /// <summary>What precedes every name of the network, for example <c>state_dict.module.</c>; empty where nothing does.</summary>
    public string Wrapper { get; }

    /// <summary>For each tensor name of the file inside the wrapper, as the file spells it, the official name.</summary>
    public IReadOnlyDictionary<string, string> Official { get; }

    /// <summary>Tensor names of the file outside the wrapper: optimizer states, averaged copies.</summary>
    public IReadOnlyList<string> Outside { get; }

    /// <summary>Other wrappers under which the file has names of a network too, such as averaged weights.</summary>
    public IReadOnlyList<string> Alternatives { get; }

    /// <summary>Finds the wrapper and the map under which most names make sense.</summary>
    /// <param name="names">All tensor names of a file.</param>
    /// <param name="expected">Official names of the network, if it is known; else names that look like a ResNet's or a relative's count.</param>
    /// <param name="map">The map to use; null finds it.</param>
    /// <param name="preferAverage">Take a checkpoint's moving average of the weights, where it has one.</param>
    /// <exception cref="DataFileException">Two names come to the same official name.</exception>
    public static NameMapping Detect(IEnumerable<string> names, IEnumerable<string>? expected = null, NameMap? map = null, bool preferAverage = false)
    {
        var all = names.ToArray();
        var wanted = expected?.ToHashSet(StringComparer.Ordinal);
        var wrappers = FindWrappers(all);
        // The usual case: a file of the names themselves. No other map could explain more.
        if (map is null && wanted is not null && wrappers.Count == 1 && all.All(wanted.Contains))
            return Create(all, NameMap.Distinct[0], "", []);
        var candidates = new List<Candidate>();
        foreach (string wrapper in wrappers)
        {
            var inside = Inside(all, wrapper);
            foreach (var tried in map is null ? NameMap.Distinct : [map])
                candidates.Add(new Candidate(tried, wrapper, tried.ToOfficial(inside).Count(name => wanted?.Contains(name) ?? IsKnown(name))));
        }

        // Stable: among equals the first map, and the shorter wrapper, wins.
        var best = candidates.OrderByDescending(candidate => candidate.Score > 0 && preferAverage && IsAverage(candidate.Wrapper))
            .ThenByDescending(candidate => candidate.Score).First();
        if (best.Score == 0)
            best = candidates.OrderByDescending(candidate => Inside(all, candidate.Wrapper).Length == all.Length ? candidate.Wrapper.Length : -1).First();
        var others = candidates.Where(candidate => candidate.Score > 0 && candidate.Wrapper != best.Wrapper).Select(candidate => candidate.Wrapper).Distinct();
        return Create(all, best.Map, best.Wrapper, [.. others]);
    }

    private static NameMapping Create(string[] all, NameMap map, string wrapper, string[] alternatives)
    {
        var inside = all.Where(name => name.StartsWith(wrapper, StringComparison.Ordinal)).ToArray();
        var official = map.ToOfficial(Inside(all, wrapper));
        var mapped = new Dictionary<string, string>(inside.Length, StringComparer.Ordinal);
        var origins = new Dictionary<string, string>(inside.Length, StringComparer.Ordinal);
        for (int i = 0; i < inside.Length; i++)
        {
            mapped.Add(inside[i], official[i]);
            if (!origins.TryAdd(official[i], inside[i]))
                throw new DataFileException(DataFileErrorKind.BadName, $"map '{map.Name}' gives it and '{DataFileException.Escape(origins[official[i]])}' the same name '{DataFileException.Escape(official[i])}'; name another map", entry: inside[i]);
        }

        return new NameMapping(map, wrapper, mapped, [.. all.Where(name => !name.StartsWith(wrapper, StringComparison.Ordinal))], alternatives);
    }

    /// <summary>The empty wrapper and every chain of known wrappers that some name begins with, shorter ones first.</summary>
    private static List<string> FindWrappers(string[] names)
    {
        var found = new List<string> { "" };
        for (int i = 0, level = 0; level < MostWrappers; level++)
        {
            int end = found.Count;
            for (; i < end; i++)
            {
                string outer = found[i];
                var firsts = names.Where(name => name.StartsWith(outer, StringComparison.Ordinal) && name.IndexOf('.', outer.Length) > 0)
                    .Select(name => name[outer.Length..name.IndexOf('.', outer.Length)]).ToHashSet(StringComparer.Ordinal);
                found.AddRange(Wrappers.Where(firsts.Contains).Select(wrapper => $"{outer}{wrapper}."));
            }
        }

        return found;
    }

    private static string[] Inside(string[] names, string wrapper)
        => [.. names.Where(name => name.StartsWith(wrapper, StringComparison.Ordinal)).Select(name => name[wrapper.Length..])];

    private static bool IsAverage(string wrapper) => wrapper.Contains("ema", StringComparison.Ordinal);

    /// <summary>True for names in the grammar of the networks that this library knows, by their first segment and their parameter.</summary>
    private static bool IsKnown(string name)
    {
        int first = name.IndexOf('.'), last = name.LastIndexOf('.');
        if (first < 0 || name[last..] is not (".weight" or ".bias" or ".running_mean" or ".running_var" or ".num_batches_tracked"))
            return false;
        string head = name[..first];
        return head is "conv1" or "bn1" or "fc" or "last_linear" or "features" or "classifier" or "stages"
            || name.StartsWith("head.fc.", StringComparison.Ordinal)
            || (head.StartsWith("layer", StringComparison.Ordinal) && head.Length == 6 && char.IsAsciiDigit(head[5]))
            || (name.StartsWith("stem.conv", StringComparison.Ordinal) && (name.Contains(".conv.", StringComparison.Ordinal) || name.Contains(".bn.", StringComparison.Ordinal)));
    }

    private sealed record Candidate(NameMap Map, string Wrapper, int Score);
}
