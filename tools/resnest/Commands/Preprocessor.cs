using ResNeSt.Imaging;
using ResNeSt.Models;
using ResNeSt.Tensors;
using ResNeSt.Tools;

namespace ResNeSt.Cli;

/// <summary>The evaluation rule of a model card or a described network, or another one asked for by name.</summary>
internal static class Preprocessor
{
    public static EvaluationTransform For(Preprocessing card, string? rule)
    {
        CheckName(rule);
        var transform = rule is null
            ? EvaluationTransform.ByName(card.Rule, card.Size, filter: Enum.Parse<ResizeFilter>(card.Interpolation, ignoreCase: true))
            : EvaluationTransform.ByName(rule, card.Size);
        return transform with
        {
            Mean = new ChannelValues(card.Mean[0], card.Mean[1], card.Mean[2]),
            Deviation = new ChannelValues(card.Std[0], card.Std[1], card.Std[2]),
        };
    }

    /// <param name="description">The network.</param>
    /// <param name="rule">Another rule, or null.</param>
    /// <param name="file">Where the description stands, for messages.</param>
    /// <exception cref="DataFileException">The description names no known rule or filter.</exception>
    public static EvaluationTransform For(NetworkDescription description, string? rule, string file)
    {
        CheckName(rule);
        try
        {
            var transform = rule is null
                ? EvaluationTransform.ByName(description.Rule, description.Size, description.CropRatio, Enum.Parse<ResizeFilter>(description.Interpolation, ignoreCase: true))
                : EvaluationTransform.ByName(rule, description.Size);
            return transform with { Mean = Channels(description.Mean), Deviation = Channels(description.Deviation) };
        }
        catch (ArgumentException error)
        {
            throw new DataFileException(DataFileErrorKind.BadHeader, $"describes no known preprocessing: {DataFileException.Escape(error.Message)}", file, inner: error);
        }
    }

    private static ChannelValues Channels(IReadOnlyList<float> values) => new(values[0], values[values.Count / 2], values[^1]);

    private static void CheckName(string? rule)
    {
        if (rule is not null && !EvaluationTransform.Names.Contains(rule))
            throw new UsageException($"there is no evaluation rule '{rule}'; there are {string.Join(", ", EvaluationTransform.Names)}");
    }
}
