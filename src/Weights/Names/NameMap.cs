namespace ResNeSt.Weights;

/// <summary>How one project names the tensors of a network, against the official PyTorch names
/// (<c>layer1.0.conv2.fc1.weight</c>), which are the names of this library's models. Works in both directions.</summary>
/// <remarks>Names that no rule describes stay as they are. Wrappers of checkpoints (<c>state_dict.</c>, <c>module.</c>) are
/// not a matter of maps: see <see cref="NameMapping.Detect"/>.</remarks>
public abstract class NameMap
{
    private protected NameMap(string name) => Name = name;

    /// <summary>All maps, in the order in which a tie is decided.</summary>
    public static IReadOnlyList<NameMap> All { get; } =
        [new IdentityNameMap("torch"), new TimmNameMap(), new IdentityNameMap("torchvision"), new GluonNameMap(), new MmpretrainNameMap(), new Detectron2NameMap(), new LegacySqueezeNameMap()];

    /// <summary>The maps to try on a file of unknown names: official names under another project's name are left out, and names of networks
    /// that compute something else.</summary>
    internal static IReadOnlyList<NameMap> Distinct { get; } = [.. All.Where(map => map == All[0] || map is not (IdentityNameMap or LegacySqueezeNameMap))];

    /// <summary>Name of the map: <c>torch</c>, <c>timm</c>, <c>torchvision</c>, <c>gluon</c>, <c>mmpretrain</c>, <c>detectron2</c> or <c>legacy-se</c>.</summary>
    public string Name { get; }

    /// <summary>The map of a name, or null.</summary>
    public static NameMap? Find(string name) => All.FirstOrDefault(map => map.Name == name);

    /// <summary>The official names of a file's names, which are taken together: what a name means can depend on the others.</summary>
    /// <param name="names">All names of the file, without wrappers.</param>
    /// <returns>One official name for each, in the same order.</returns>
    public IReadOnlyList<string> ToOfficial(IReadOnlyList<string> names)
    {
        var clean = names.Select(Clean).ToArray();
        var rules = Rules(clean.ToHashSet(StringComparer.Ordinal), official: false);
        return [.. clean.Select(name => ParameterToOfficial(Apply(rules, name, official: true)))];
    }

    /// <summary>The names that this map's project gives to official names, which are taken together.</summary>
    /// <param name="names">All official names of the network.</param>
    /// <returns>One name for each, in the same order.</returns>
    public IReadOnlyList<string> FromOfficial(IReadOnlyList<string> names)
    {
        var set = names.ToHashSet(StringComparer.Ordinal);
        var rules = Rules(set, official: true);
        return [.. names.Select(name => Apply(rules, ParameterToForeign(name, set), official: false))];
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>The rules for a set of names; the first that fits is applied.</summary>
    /// <param name="names">All names, foreign ones cleaned.</param>
    /// <param name="official">Whether they are official or foreign ones.</param>
    private protected abstract IReadOnlyList<NameRule> Rules(IReadOnlySet<string> names, bool official);

    /// <summary>A foreign name without a prefix that this project sometimes adds.</summary>
    private protected virtual string Clean(string name) => name;

    /// <summary>Renames the last segment, after the rules.</summary>
    private protected virtual string ParameterToOfficial(string name) => name;

    /// <summary>Renames the last segment, before the rules.</summary>
    private protected virtual string ParameterToForeign(string name, IReadOnlySet<string> names) => name;

    private static string Apply(IReadOnlyList<NameRule> rules, string name, bool official)
    {
        foreach (var rule in rules)
        {
            if ((official ? rule.ToOfficial(name) : rule.ToForeign(name)) is { } renamed)
                return renamed;
        }

        return name;
    }

    /// <summary>True for networks whose projection shortcuts average first: their convolution is <c>downsample.1</c>, after the pool.</summary>
    private protected static bool AveragesDown(IReadOnlySet<string> official)
        => official.Contains("layer2.0.downsample.2.weight") || official.Contains("layer1.0.downsample.2.weight");
}
