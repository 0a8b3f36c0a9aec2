using System.Text;
using System.Text.Json;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>What a trained weight file must know to be used without anything beside it: the network, its classes, and how a picture becomes the input.</summary>
/// <remarks>It stands as one JSON document in the metadata of a safetensors file, under <see cref="MetadataKey"/>.</remarks>
public sealed record NetworkDescription
{
    /// <summary>Its key in the metadata.</summary>
    public const string MetadataKey = "resnest";

    private const int Version = 1, MostClasses = 100_000, MostSize = 8192;

    /// <summary>Name of the network in the zoo.</summary>
    public required string Model { get; init; }

    /// <summary>Radix instead of the network's own; 0 for plain convolutions.</summary>
    public int? Radix { get; init; }

    /// <summary>Names of the classes, in the order of the outputs.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Rows and columns of the input.</summary>
    public required int Size { get; init; }

    /// <summary>Evaluation rule by which a photograph becomes that size, as in <see cref="Preprocessing"/>.</summary>
    public required string Rule { get; init; }

    /// <summary>Side of the crop by the short side of the picture, for the rules that resize first; null for the rule's own.</summary>
    public double? CropRatio { get; init; }

    /// <summary>Resize filter: box, bilinear, bicubic or lanczos.</summary>
    public required string Interpolation { get; init; }

    /// <summary>Subtracted from values in 0..1: one number for grey pictures, or red, green and blue.</summary>
    public required IReadOnlyList<float> Mean { get; init; }

    /// <summary>Divides what is left; as many.</summary>
    public required IReadOnlyList<float> Deviation { get; init; }

    /// <summary>What differs from the published form of the network.</summary>
    public ModelChanges Changes => new(Classes: Classes.Count, InputChannels: Mean.Count, Radix: Radix);

    /// <summary>The description in a file's metadata, or null if there is none.</summary>
    /// <param name="metadata">Of the file.</param>
    /// <param name="file">Its path, for messages.</param>
    /// <exception cref="DataFileException">There is one, but it is damaged or of a later version.</exception>
    public static NetworkDescription? Find(IReadOnlyDictionary<string, string> metadata, string? file = null)
    {
        if (!metadata.TryGetValue(MetadataKey, out string? json))
            return null;
        try
        {
            using var document = JsonDocument.Parse(json);
            return Check(Parse(document.RootElement), file);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Damaged("is no description of a network of this version", file, error);
        }
    }

    /// <summary>The metadata to write into a safetensors file.</summary>
    public IReadOnlyDictionary<string, string> ToMetadata()
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteNumber("version", Version);
            writer.WriteString("model", Model);
            if (Radix is { } radix)
                writer.WriteNumber("radix", radix);
            writer.WriteStartArray("classes");
            foreach (string name in Classes)
                writer.WriteStringValue(name);
            writer.WriteEndArray();
            writer.WriteNumber("size", Size);
            writer.WriteString("rule", Rule);
            if (CropRatio is { } ratio)
                writer.WriteNumber("cropRatio", ratio);
            writer.WriteString("interpolation", Interpolation);
            Write(writer, "mean", Mean);
            Write(writer, "deviation", Deviation);
            writer.WriteEndObject();
        }

        return new Dictionary<string, string> { [MetadataKey] = Encoding.UTF8.GetString(bytes.ToArray()) };
    }

    private static void Write(Utf8JsonWriter writer, string name, IReadOnlyList<float> values)
    {
        writer.WriteStartArray(name);
        foreach (float value in values)
            writer.WriteNumberValue(value);
        writer.WriteEndArray();
    }

    private static NetworkDescription Parse(JsonElement json)
    {
        if (json.GetProperty("version").GetInt32() != Version)
            throw new FormatException();
        return new NetworkDescription
        {
            Model = Text(json.GetProperty("model")),
            Radix = json.TryGetProperty("radix", out var radix) ? radix.GetInt32() : null,
            Classes = [.. json.GetProperty("classes").EnumerateArray().Select(Text)],
            Size = json.GetProperty("size").GetInt32(),
            Rule = Text(json.GetProperty("rule")),
            CropRatio = json.TryGetProperty("cropRatio", out var ratio) ? ratio.GetDouble() : null,
            Interpolation = Text(json.GetProperty("interpolation")),
            Mean = Numbers(json.GetProperty("mean")),
            Deviation = Numbers(json.GetProperty("deviation")),
        };
    }

    private static NetworkDescription Check(NetworkDescription found, string? file)
    {
        if (!ModelZoo.Contains(found.Model))
            throw Damaged($"describes the network '{DataFileException.Escape(found.Model)}', which this version does not have", file, null);
        if (found.Classes.Count is < 1 or > MostClasses || found.Size is < 1 or > MostSize || found.Radix is < 0 or > 64
            || found.Mean.Count is not (1 or 3) || found.Deviation.Count != found.Mean.Count
            || !found.Mean.All(float.IsFinite) || !found.Deviation.All(value => float.IsFinite(value) && value > 0)
            || found.CropRatio is { } ratio && !(ratio is > 0 and <= 1))
        {
            throw Damaged("describes a network that cannot be: see its classes, size, radix, mean and deviation", file, null);
        }

        return found;
    }

    private static string Text(JsonElement element) => element.GetString() ?? throw new FormatException();

    private static IReadOnlyList<float> Numbers(JsonElement element) => [.. element.EnumerateArray().Select(value => value.GetSingle())];

    private static DataFileException Damaged(string what, string? file, Exception? inner) =>
        new(DataFileErrorKind.BadHeader, $"its metadata {what}", file, MetadataKey, inner: inner);
}
