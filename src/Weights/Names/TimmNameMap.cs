namespace ResNeSt.Weights;

/// <summary>timm: the official names for ResNets and ResNeSts; MobileNetV2 has names of its own, against torchvision's.</summary>
internal sealed class TimmNameMap() : NameMap("timm")
{
    private static readonly NameRule[] MobileNetRules = [.. MobileNet()];

    private protected override IReadOnlyList<NameRule> Rules(IReadOnlySet<string> names, bool official)
        => names.Contains(official ? "features.0.0.weight" : "conv_stem.weight") ? MobileNetRules : [];

    private static IEnumerable<NameRule> MobileNet()
    {
        yield return new NameRule("conv_stem", "features.0.0");
        yield return new NameRule("bn1", "features.0.1");
        yield return new NameRule("blocks.0.0.conv_dw", "features.1.conv.0.0");
        yield return new NameRule("blocks.0.0.bn1", "features.1.conv.0.1");
        yield return new NameRule("blocks.0.0.conv_pw", "features.1.conv.1");
        yield return new NameRule("blocks.0.0.bn2", "features.1.conv.2");
        int feature = 2;
        foreach (var (repeats, stage) in new[] { 2, 3, 4, 3, 3, 1 }.Select((repeats, index) => (repeats, index + 1)))
        {
            for (int block = 0; block < repeats; block++, feature++)
            {
                yield return new NameRule($"blocks.{stage}.{block}.conv_pw", $"features.{feature}.conv.0.0");
                yield return new NameRule($"blocks.{stage}.{block}.bn1", $"features.{feature}.conv.0.1");
                yield return new NameRule($"blocks.{stage}.{block}.conv_dw", $"features.{feature}.conv.1.0");
                yield return new NameRule($"blocks.{stage}.{block}.bn2", $"features.{feature}.conv.1.1");
                yield return new NameRule($"blocks.{stage}.{block}.conv_pwl", $"features.{feature}.conv.2");
                yield return new NameRule($"blocks.{stage}.{block}.bn3", $"features.{feature}.conv.3");
            }
        }

        yield return new NameRule("conv_head", "features.18.0");
        yield return new NameRule("bn2", "features.18.1");
        yield return new NameRule("classifier", "classifier.1");
    }
}
