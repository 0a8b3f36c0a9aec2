using ResNeSt.Imaging;
using ResNeSt.Models;
using ResNeSt.Tools;

namespace ResNeSt.Cli;

/// <summary>The evaluation rule of a model card, or another one asked for by name.</summary>
internal static class Preprocessor
{
    public static EvaluationTransform For(Preprocessing card, string? rule)
    {
        if (rule is not null && !EvaluationTransform.Names.Contains(rule))
            throw new UsageException($"there is no evaluation rule '{rule}'; there are {string.Join(", ", EvaluationTransform.Names)}");
        var transform = rule is null
            ? EvaluationTransform.ByName(card.Rule, card.Size, filter: Enum.Parse<ResizeFilter>(card.Interpolation, ignoreCase: true))
            : EvaluationTransform.ByName(rule, card.Size);
        return transform with
        {
            Mean = new ChannelValues(card.Mean[0], card.Mean[1], card.Mean[2]),
            Deviation = new ChannelValues(card.Std[0], card.Std[1], card.Std[2]),
        };
    }
}
