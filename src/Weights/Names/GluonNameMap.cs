namespace ResNeSt.Weights;

/// <summary>GluonCV, in which the published ResNeSts were trained: batch normalisation has gamma and beta, and the one after the split convolution is <c>bn</c>.</summary>
internal sealed class GluonNameMap() : NameMap("gluon")
{
    private static readonly NameRule[] Renamed = [new("layer{s}.{b}.conv2.bn", "layer{s}.{b}.conv2.bn0")];

    // Only split attention has that norm under another name; contextual layers and timm's pairs of convolution and norm keep it.
    private protected override IReadOnlyList<NameRule> Rules(IReadOnlySet<string> names, bool official)
    {
        bool Has(string part) => names.Any(name => name.Contains(part, StringComparison.Ordinal));
        return Has(".conv2.fc1.") && !Has(".conv2.key_embed.") ? Renamed : [];
    }

    // Files that MXNet's module API wrote tell parameters from statistics by a prefix.
    private protected override string Clean(string name)
        => name.StartsWith("arg:", StringComparison.Ordinal) || name.StartsWith("aux:", StringComparison.Ordinal) ? name[4..] : name;

    private protected override string ParameterToOfficial(string name)
        => name.EndsWith(".gamma", StringComparison.Ordinal) ? $"{name[..^6]}.weight"
            : name.EndsWith(".beta", StringComparison.Ordinal) ? $"{name[..^5]}.bias"
            : name;

    private protected override string ParameterToForeign(string name, IReadOnlySet<string> names)
    {
        int dot = name.LastIndexOf('.');
        // Only normalisations have running statistics; convolutions and the classifier keep weight and bias.
        if (dot < 0 || !names.Contains($"{name[..dot]}.running_mean"))
            return name;
        return name[dot..] switch
        {
            ".weight" => $"{name[..dot]}.gamma",
            ".bias" => $"{name[..dot]}.beta",
            _ => name,
        };
    }
}
