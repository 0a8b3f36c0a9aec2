namespace ResNeSt.Models;

/// <summary>Weights are not at hand and could not be fetched; the message says where they can be had and how to give them.</summary>
public sealed class WeightsUnavailableException : Exception
{
    internal WeightsUnavailableException(PublishedWeights source, string folder, IReadOnlyList<string> failures)
        : base(Format(source, folder, failures))
    {
        Weights = source;
    }

    /// <summary>The file that was wanted.</summary>
    public PublishedWeights Weights { get; }

    private static string Format(PublishedWeights source, string folder, IReadOnlyList<string> failures)
    {
        string advice = source.Urls.Count == 0
            ? $"{source.File} has no published address"
            : $"fetch {source.Urls[0]} by hand";
        return $"the weights {source.File} could not be fetched ({string.Join("; ", failures)}): {advice} and put it into {folder}, or give it with --weights FILE";
    }
}
