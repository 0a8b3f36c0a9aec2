namespace ResNeSt.Weights;

/// <summary>mmpretrain (mmcls): a backbone and a head; the deep stem is three modules of a convolution and a norm; where the first
/// stage's shortcut needs no pool, it has none, not even a placeholder.</summary>
internal sealed class MmpretrainNameMap() : NameMap("mmpretrain")
{
    private const string Backbone = "backbone.";

    private static readonly NameRule[] DeepStem =
    [
        new("stem.0.conv", "conv1.0"), new("stem.1.conv", "conv1.3"), new("stem.2.conv", "conv1.6"),
        new("stem.0.bn", "conv1.1"), new("stem.1.bn", "conv1.4"), new("stem.2.bn", "bn1"),
    ];

    private static readonly NameRule[] AverageDown =
        [new("layer1.0.downsample.0", "layer1.0.downsample.1"), new("layer1.0.downsample.1", "layer1.0.downsample.2")];

    private static readonly NameRule Head = new("head.fc", "fc");

    private protected override IReadOnlyList<NameRule> Rules(IReadOnlySet<string> names, bool official)
    {
        bool deep = names.Contains(official ? "conv1.0.weight" : "stem.0.conv.weight");
        NameRule[] backbone = [.. deep ? DeepStem : [], .. AveragesDown(names) ? AverageDown : []];
        // Written names carry the prefix; names read may lack it, and Clean has taken it away.
        return official ? [Head, .. backbone.Select(rule => new NameRule(Backbone + rule.Foreign, rule.Official)), new NameRule("backbone", "")] : [Head, .. backbone];
    }

    private protected override string Clean(string name) => name.StartsWith(Backbone, StringComparison.Ordinal) ? name[Backbone.Length..] : name;
}
