namespace ResNeSt.Weights;

/// <summary>detectron2 backbones: stages res2 to res5, each norm inside its convolution, the shortcut by its name.</summary>
internal sealed class Detectron2NameMap() : NameMap("detectron2")
{
    private static readonly NameRule[] Shared =
    [
        new("stem.conv1_1.norm", "conv1.1"), new("stem.conv1_2.norm", "conv1.4"), new("stem.conv1_3.norm", "bn1"),
        new("stem.conv1_1", "conv1.0"), new("stem.conv1_2", "conv1.3"), new("stem.conv1_3", "conv1.6"),
        new("res{S}.{b}.conv1.norm", "layer{s}.{b}.bn1"), new("res{S}.{b}.conv2.norm", "layer{s}.{b}.bn2"), new("res{S}.{b}.conv3.norm", "layer{s}.{b}.bn3"),
    ];

    private static readonly NameRule[] AverageDown = [.. Shared, .. Shortcuts(convolution: 1), .. Rest];
    private static readonly NameRule[] PlainDown = [.. Shared, new("stem.conv1.norm", "bn1"), new("stem.conv1", "conv1"), .. Shortcuts(convolution: 0), .. Rest];

    private static NameRule[] Rest => [new("res{S}", "layer{s}"), new("linear", "fc")];

    private protected override IReadOnlyList<NameRule> Rules(IReadOnlySet<string> names, bool official)
        => (official ? AveragesDown(names) : names.Contains("stem.conv1_1.weight")) ? AverageDown : PlainDown;

    private protected override string Clean(string name)
    {
        foreach (string prefix in (ReadOnlySpan<string>)["backbone.bottom_up.", "backbone.", "bottom_up."])
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
                return name[prefix.Length..];
        }

        return name;
    }

    private static NameRule[] Shortcuts(int convolution) =>
    [
        new("res{S}.{b}.shortcut.norm", $"layer{{s}}.{{b}}.downsample.{convolution + 1}"),
        new("res{S}.{b}.shortcut", $"layer{{s}}.{{b}}.downsample.{convolution}"),
    ];
}
