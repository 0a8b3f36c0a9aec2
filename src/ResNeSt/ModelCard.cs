using System.Text.Json;

namespace ResNeSt.Models;

/// <summary>What is known of a network of the zoo: size, published accuracy, preprocessing, and where its weights are.</summary>
public sealed record ModelCard
{
    /// <summary>Name in the zoo.</summary>
    public required string Name { get; init; }

    /// <summary>Other names for the same network, among them timm's.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Where network and weights were published.</summary>
    public required string Source { get; init; }

    /// <summary>Number of parameters with 1000 classes, without buffers.</summary>
    public required long Parameters { get; init; }

    /// <summary>Multiply-accumulates of convolutions and linear layers for one picture.</summary>
    public required MacCount Macs { get; init; }

    /// <summary>How a picture becomes the input.</summary>
    public required Preprocessing Preprocessing { get; init; }

    /// <summary>Published accuracies, the authors' own first.</summary>
    public IReadOnlyList<Accuracy> Accuracy { get; init; } = [];

    /// <summary>Published weight files, the preferred one first.</summary>
    public IReadOnlyList<PublishedWeights> Weights { get; init; } = [];

    /// <summary>Reads a card by hand: a serializer would compile hundreds of methods first, and every program that runs a network pays for that at its start.</summary>
    internal static ModelCard Parse(Stream json)
    {
        using var document = JsonDocument.Parse(json);
        var card = document.RootElement;
        var macs = card.GetProperty("macs");
        var preprocessing = card.GetProperty("preprocessing");
        return new ModelCard
        {
            Name = Text(card, "name"),
            Aliases = List(card, "aliases", alias => alias.GetString()!),
            Source = Text(card, "source"),
            Parameters = card.GetProperty("parameters").GetInt64(),
            Macs = new MacCount(Number(macs, "size"), macs.GetProperty("count").GetInt64()),
            Preprocessing = new Preprocessing(Text(preprocessing, "rule"), Number(preprocessing, "size"), Text(preprocessing, "interpolation"),
                Channels(preprocessing, "mean"), Channels(preprocessing, "std")),
            Accuracy = List(card, "accuracy", entry => new Accuracy(entry.GetProperty("top1").GetDouble(),
                entry.TryGetProperty("top5", out var top5) ? top5.GetDouble() : null, Number(entry, "size"), Text(entry, "source"))),
            Weights = List(card, "weights", entry => new PublishedWeights(Text(entry, "file"), Text(entry, "sha256Prefix"),
                List(entry, "urls", url => url.GetString()!), Text(entry, "license"))),
        };
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? throw new InvalidDataException($"a model card has no '{name}'");

    private static int Number(JsonElement element, string name) => element.GetProperty(name).GetInt32();

    private static float[] Channels(JsonElement element, string name)
    {
        var values = element.GetProperty(name);
        return [values[0].GetSingle(), values[1].GetSingle(), values[2].GetSingle()];
    }

    private static IReadOnlyList<T> List<T>(JsonElement element, string name, Func<JsonElement, T> read)
        where T : class
    {
        var items = new List<T>();
        if (element.TryGetProperty(name, out var array))
        {
            foreach (var item in array.EnumerateArray())
                items.Add(read(item));
        }

        return items;
    }
}

/// <summary>Multiply-accumulates at one input size.</summary>
/// <param name="Size">Side of the square input in pixels.</param>
/// <param name="Count">Multiply-accumulates.</param>
public sealed record MacCount(int Size, long Count);

/// <summary>How a picture becomes the input of a network.</summary>
/// <param name="Rule">Evaluation rule: official, gluon, timm or torchvision.</param>
/// <param name="Size">Side of the square crop in pixels.</param>
/// <param name="Interpolation">bilinear or bicubic.</param>
/// <param name="Mean">Per channel R, G, B, subtracted from values in [0, 1].</param>
/// <param name="Std">Per channel R, G, B, divided by afterwards.</param>
public sealed record Preprocessing(string Rule, int Size, string Interpolation, IReadOnlyList<float> Mean, IReadOnlyList<float> Std);

/// <summary>A published single-crop accuracy.</summary>
/// <param name="Top1">Top-1 in percent.</param>
/// <param name="Top5">Top-5 in percent, if published.</param>
/// <param name="Size">Side of the crop in pixels.</param>
/// <param name="Source">Who published it, on which data.</param>
public sealed record Accuracy(double Top1, double? Top5, int Size, string Source);

/// <summary>A published weight file.</summary>
/// <param name="File">File name, also in the cache.</param>
/// <param name="Sha256Prefix">First hex digits of the file's SHA-256.</param>
/// <param name="Urls">Addresses, tried in order.</param>
/// <param name="License">Licence of the weights.</param>
public sealed record PublishedWeights(string File, string Sha256Prefix, IReadOnlyList<string> Urls, string License);
