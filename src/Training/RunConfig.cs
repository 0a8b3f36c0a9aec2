using System.Text.Json;
using System.Text.Json.Serialization;
using ResNeSt.Tensors;

namespace ResNeSt.Training;

/// <summary>What a run folder must know to be resumed and evaluated: config.json.</summary>
public sealed record RunConfig
{
    private const string FileName = "config.json";

    /// <summary>Version of the document.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Name of the network in the zoo.</summary>
    public required string Model { get; init; }

    /// <summary>Radix instead of the network's own.</summary>
    public int? Radix { get; init; }

    /// <summary>Names of the classes, in the order of the outputs.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Folder of the data.</summary>
    public required string Data { get; init; }

    /// <summary>Kind of the data; one of <see cref="Datasets.Formats"/>.</summary>
    public required string Format { get; init; }

    /// <summary>Training pictures set aside for validation.</summary>
    public int Validation { get; init; }

    /// <summary>Seed of everything that is random.</summary>
    public ulong Seed { get; init; }

    /// <summary>Parts a batch is cut into.</summary>
    public int Accumulation { get; init; } = 1;

    /// <summary>Replicas that share a batch.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>Batch norms take their statistics over all replicas.</summary>
    public bool SynchronizedNorms { get; init; }

    /// <summary>Mixed precision: what products round to, f32 for none; see <see cref="MixedPrecision"/>.</summary>
    public string Precision { get; init; } = "f32";

    /// <summary>Weights that the run began with, or null for random ones.</summary>
    public string? InitialWeights { get; init; }

    /// <summary>Device and threads, for the record.</summary>
    public string Machine { get; init; } = "";

    /// <summary>Hyperparameters.</summary>
    public required Recipe Recipe { get; init; }

    /// <summary>Reads the config of a run folder.</summary>
    /// <exception cref="DataFileException">There is none, or it is damaged.</exception>
    public static RunConfig Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            using var stream = File.OpenRead(path);
            return JsonSerializer.Deserialize(stream, RunConfigJson.Default.RunConfig) is { Version: 1 } config
                ? config
                : throw new DataFileException(DataFileErrorKind.BadHeader, "is no run configuration of this version", path);
        }
        catch (JsonException error)
        {
            throw new DataFileException(DataFileErrorKind.BadHeader, $"is damaged: {error.Message}", path, inner: error);
        }
        catch (Exception error) when (error is IOException and not DataFileException or UnauthorizedAccessException)
        {
            throw new DataFileException(DataFileErrorKind.Unreadable, "cannot be read: is this the folder of a run?", path, inner: error);
        }
    }

    /// <summary>Writes it into a run folder.</summary>
    public void Write(string folder) =>
        AtomicFile.Write(Path.Combine(folder, FileName), stream => JsonSerializer.Serialize(stream, this, RunConfigJson.Default.RunConfig));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true, NewLine = "\n")]
[JsonSerializable(typeof(RunConfig))]
internal sealed partial class RunConfigJson : JsonSerializerContext;
