using System.Globalization;
using System.Text.Json;
using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Weights;

namespace ResNeSt.Training;

/// <summary>The checkpoints of a run: tensors in a safetensors file named by its step, and last.json, which names that file.</summary>
/// <remarks>The tensors are written first and last.json takes its name last, so that a process may be killed at any moment: last.json always
/// names a whole file. Only then is the file before removed.</remarks>
/// <param name="folder">Where they lie; made if need be.</param>
public sealed class CheckpointStore(string folder)
{
    private const string StateFile = "last.json";

    /// <summary>Where they lie.</summary>
    public string Folder { get; } = folder;

    /// <summary>Stands between files and disk; for tests of failing disks.</summary>
    public Func<Stream, Stream>? Wrap { get; init; }

    /// <summary>Whether there is a checkpoint.</summary>
    public bool Exists => File.Exists(Path.Combine(Folder, StateFile));

    /// <summary>Writes a checkpoint. If that fails, the one before stays.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(TrainingState state, IEnumerable<(string Name, Tensor Value)> tensors)
    {
        Directory.CreateDirectory(Folder);
        string name = string.Create(CultureInfo.InvariantCulture, $"step-{state.Step:d8}.safetensors");
        WriteTensors(Path.Combine(Folder, name), tensors, null, Wrap);
        AtomicFile.Write(Path.Combine(Folder, StateFile),
            stream => JsonSerializer.Serialize(stream, state with { Tensors = name }, TrainingJson.Default.TrainingState), Wrap);
        foreach (string file in Directory.EnumerateFiles(Folder, "step-*.safetensors"))
        {
            if (Path.GetFileName(file) != name)
                File.Delete(file);
        }
    }

    /// <summary>Reads the last checkpoint into tensors of the same names and shapes.</summary>
    /// <exception cref="DataFileException">There is none, or it does not fit; nothing was written then.</exception>
    public TrainingState Load(IEnumerable<(string Name, Tensor Value)> tensors)
    {
        var state = ReadState();
        using var file = SafetensorsFile.Open(Path.Combine(Folder, state.Tensors));
        var pairs = new List<(WeightEntry Entry, Tensor Value)>();
        foreach (var (name, value) in tensors)
        {
            if (!file.TryGetEntry(name, out var entry))
                throw new DataFileException(DataFileErrorKind.ModelMismatch, "the checkpoint lacks this tensor: it belongs to another network or optimiser", file.FilePath, name);
            if (entry.ToShape() != value.Shape || entry.DType != TypeOf(value.DType))
                throw new DataFileException(DataFileErrorKind.ModelMismatch, $"is {entry.DTypeName} {entry.ShapeText}, the run needs {value.Spec}", file.FilePath, name);
            pairs.Add((entry, value));
        }

        foreach (var (entry, value) in pairs)
        {
            using var held = TensorScope.Release(Tensor.FromBytes(file.Read(entry), value.Spec, value.Device));
            value.Assign(held);
        }

        return state;
    }

    /// <summary>Reads where the last checkpoint stands.</summary>
    /// <exception cref="DataFileException">There is none, or it is damaged.</exception>
    public TrainingState ReadState()
    {
        string path = Path.Combine(Folder, StateFile);
        try
        {
            using var stream = File.OpenRead(path);
            var state = JsonSerializer.Deserialize(stream, TrainingJson.Default.TrainingState);
            if (state is null || state.Version != 1 || state.Tensors.Length == 0 || state.Tensors != Path.GetFileName(state.Tensors))
                throw new DataFileException(DataFileErrorKind.BadHeader, "is no checkpoint of this version", path);
            return state;
        }
        catch (JsonException error)
        {
            throw new DataFileException(DataFileErrorKind.BadHeader, "is damaged", path, inner: error);
        }
        catch (Exception error) when (error is IOException and not DataFileException or UnauthorizedAccessException)
        {
            throw new DataFileException(DataFileErrorKind.Unreadable, "there is no checkpoint to resume from", path, inner: error);
        }
    }

    /// <summary>Writes the state of a network for others to load.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="state">Names and values.</param>
    /// <param name="metadata">Free text.</param>
    /// <param name="halves">Store floats as F16.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void WriteModel(string path, StateDict state, IReadOnlyDictionary<string, string>? metadata = null, bool halves = false) =>
        AtomicFile.Write(path, stream => SafetensorsWriter.Write(stream, state.Select(entry => Source(entry.Key, entry.Value, halves)), metadata));

    private static void WriteTensors(string path, IEnumerable<(string Name, Tensor Value)> tensors, IReadOnlyDictionary<string, string>? metadata, Func<Stream, Stream>? wrap) =>
        AtomicFile.Write(path, stream => SafetensorsWriter.Write(stream, tensors.Select(entry => Source(entry.Name, entry.Value, halves: false)), metadata), wrap);

    private static WeightSource Source(string name, Tensor value, bool halves)
    {
        long[] shape = [.. value.Shape.Select(extent => (long)extent)];
        if (halves && value.DType == DType.F32)
            return WeightSource.FromSingles(name, shape, value.ToArray<float>(), WeightDType.F16);
        var bytes = new byte[value.Spec.ByteLength];
        value.Backend.Download(value.Storage, bytes);
        return WeightSource.FromBytes(name, TypeOf(value.DType), shape, bytes);
    }

    private static WeightDType TypeOf(DType dtype) => dtype switch
    {
        DType.F32 => WeightDType.F32,
        DType.F64 => WeightDType.F64,
        DType.F16 => WeightDType.F16,
        DType.BF16 => WeightDType.BF16,
        DType.I32 => WeightDType.I32,
        DType.I64 => WeightDType.I64,
        DType.U8 => WeightDType.U8,
        _ => throw new NotSupportedException($"{dtype} has no place in a safetensors file"),
    };
}
