namespace ResNeSt.Models;

/// <summary>What makes a network differ from a plain ResNet, as a list of switches.</summary>
public static class ResNetSwitches
{
    /// <summary>The options that are not those of a plain ResNet of bottlenecks, each as it is written: <c>Radix = 2</c>. Depth and planes, classes,
    /// and the names of the weights do not count.</summary>
    public static IReadOnlyList<string> Of(ResNetOptions options)
    {
        var plain = new ResNetOptions { Depths = options.Depths };
        var found = new List<string>();
        Add(nameof(options.Block), options.Block, plain.Block);
        Add(nameof(options.Stem), options.Stem, plain.Stem);
        if (options.Stem != StemKind.Plain)
            Add(nameof(options.StemWidth), options.StemWidth, plain.StemWidth);
        Add(nameof(options.StemPool), options.StemPool, plain.StemPool);
        Add(nameof(options.FirstStride), options.FirstStride, plain.FirstStride);
        Add(nameof(options.Shortcut), options.Shortcut, plain.Shortcut);
        Add(nameof(options.ShortcutKernel), options.ShortcutKernel, plain.ShortcutKernel);
        Add(nameof(options.StrideInFirst), options.StrideInFirst, plain.StrideInFirst);
        Add(nameof(options.AverageDown), options.AverageDown, plain.AverageDown);
        Add(nameof(options.AverageDownFirst), options.AverageDownFirst, plain.AverageDownFirst);
        Add(nameof(options.BlurDown), options.BlurDown, plain.BlurDown);
        Add(nameof(options.OutputStride), options.OutputStride, plain.OutputStride);
        Add(nameof(options.Cardinality), options.Cardinality, plain.Cardinality);
        Add(nameof(options.BottleneckWidth), options.BottleneckWidth, plain.BottleneckWidth);
        Add(nameof(options.GroupWidth), options.GroupWidth, plain.GroupWidth);
        Add(nameof(options.FirstWidthDivisor), options.FirstWidthDivisor, plain.FirstWidthDivisor);
        Add(nameof(options.Radix), options.Radix, plain.Radix);
        Add(nameof(options.Activation), options.Activation, plain.Activation);
        Add(nameof(options.SplitActivation), options.SplitActivation, plain.SplitActivation);
        Add(nameof(options.FinalChannels), options.FinalChannels, plain.FinalChannels);
        AddAttention(options.Attention);
        if (options.Deformation is { } deformation)
            found.Add($"Deformation = {(deformation.Masked ? "v2" : "v1")} in stages [{string.Join(", ", deformation.Stages)}]");
        return found;

        void Add<T>(string name, T value, T usual)
        {
            if (!EqualityComparer<T>.Default.Equals(value, usual))
                found.Add($"{name} = {(value is bool flag ? flag ? "true" : "false" : value)}");
        }

        void AddAttention(AttentionOptions attention)
        {
            if (attention.Kind == AttentionKind.None)
                return;
            string place = attention.ReplacesConvolution ? "for the 3×3" : $"on the {attention.Place.ToString().ToLowerInvariant()}";
            string where = attention.Stages.Count == 4 ? "" : $" in stages [{string.Join(", ", attention.Stages)}]";
            found.Add($"Attention = {attention.Kind} {place}{where}{(attention.LastBlockOnly ? ", last block" : "")}");
        }
    }
}
