namespace ResNeSt.Weights;

/// <summary>The original squeeze-and-excitation networks, as timm's legacy_* have them, against timm's later ones: the stem is <c>layer0</c>,
/// the gate <c>se_module</c>, the classifier <c>last_linear</c>.</summary>
/// <remarks>Only on request: keys and shapes agree, but the original networks pool without padding, and the plain ones step in the first
/// convolution of a block. Their weights are at home in the networks named legacy_*, which need no map.</remarks>
internal sealed class LegacySqueezeNameMap() : NameMap("legacy-se")
{
    private static readonly NameRule[] Shared =
    [
        new("layer{s}.{b}.se_module", "layer{s}.{b}.se"), new("last_linear", "fc"),
    ];

    private static readonly NameRule[] PlainStem = [new("layer0.conv1", "conv1"), new("layer0.bn1", "bn1"), .. Shared];

    private static readonly NameRule[] DeepStem =
    [
        new("layer0.conv1", "conv1.0"), new("layer0.conv2", "conv1.3"), new("layer0.conv3", "conv1.6"),
        new("layer0.bn1", "conv1.1"), new("layer0.bn2", "conv1.4"), new("layer0.bn3", "bn1"), .. Shared,
    ];

    private protected override IReadOnlyList<NameRule> Rules(IReadOnlySet<string> names, bool official)
        => names.Contains(official ? "conv1.6.weight" : "layer0.conv3.weight") ? DeepStem : PlainStem;
}
