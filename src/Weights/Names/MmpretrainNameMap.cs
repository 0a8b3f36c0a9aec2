using System.Collections.Frozen;

namespace ResNeSt.Weights;

/// <summary>mmpretrain (mmcls): a backbone and a head; the deep stem is three modules of a convolution and a norm; where the first
/// stage's shortcut needs no pool, it has none, not even a placeholder.</summary>
internal sealed class MmpretrainNameMap() : NameMap("mmpretrain")
{
    private const string Backbone = "backbone.";

    private static readonly NameRule[] Shared =
    [
        new("stem.0.conv", "conv1.0"), new("stem.1.conv", "conv1.3"), new("stem.2.conv", "conv1.6"),
        new("stem.0.bn", "conv1.1"), new("stem.1.bn", "conv1.4"), new("stem.2.bn", "bn1"),
        new("head.fc", "fc"),
    ];

    private static readonly NameRule[] AverageDown =
        [.. Shared, new("layer1.0.downsample.0", "layer1.0.downsample.1"), new("layer1.0.downsample.1", "layer1.0.downsample.2")];

    private protected override IReadOnlyList<NameRule> Rules(FrozenSet<string> names, bool official)
    {
        var rules = AveragesDown(names) ? AverageDown : Shared;
        // Written names carry the prefix; names read may lack it, and Clean has taken it away.
        return official ? [.. rules.Select(rule => new NameRule(rule.Foreign == "head.fc" ? rule.Foreign : Backbone + rule.Foreign, rule.Official)), new NameRule("backbone", "")] : rules;
    }

    private protected override string Clean(string name) => name.StartsWith(Backbone, StringComparison.Ordinal) ? name[Backbone.Length..] : name;
}
