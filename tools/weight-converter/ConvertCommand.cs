using System.Security.Cryptography;
using ResNeSt.Tensors;
using ResNeSt.Tools;
using ResNeSt.Weights;

namespace ResNeSt.WeightConverter;

/// <summary><c>weight-converter IN OUT</c>: writes the tensors of a weight file as safetensors, a piece of a tensor at a time.</summary>
internal sealed class ConvertCommand(CommandConsole console, Report report)
{
    public required string Input { get; init; }

    public required string Output { get; init; }

    public required string[] To { get; init; }

    public string? Model { get; init; }

    public string? Map { get; init; }

    public bool PreferAverage { get; init; }

    public bool DryRun { get; init; }

    public bool Force { get; init; }

    private bool Renames => Model is not null || Map is not null || PreferAverage || To.Contains("pth-names");

    private WeightDType? Floats => To.Contains("f16") ? WeightDType.F16 : To.Contains("bf16") ? WeightDType.BF16 : null;

    public int Run()
    {
        if (To.Contains("f16") && To.Contains("bf16"))
            throw new UsageException("--to f16 and --to bf16 exclude each other; give one");
        if (Output == "-" && report.Json && !DryRun)
            throw new UsageException("with OUT '-' standard output holds the weights; leave out --json");
        if (Output != "-" && Directory.Exists(Output))
            throw new UsageException($"OUT '{DataFileException.Escape(Output)}' is a folder; name a file");
        var expected = Model is null ? null : ModelShapes.Find(Model);
        if (Output != "-" && !DryRun && !Force && File.Exists(Output))
            throw new IOException($"{Output} exists already; give --force to replace it");

        using var input = InputFile.Open(Input, console);
        var selection = Selection.Choose(input.Weights, expected, Model, Renames, NameMap.Find(Map ?? "auto"), PreferAverage);
        var sources = selection.Tensors.Select(tensor => new CheckedSource(WeightSource.FromFile(input.Weights, tensor.Entry, tensor.Name, TargetType(tensor.Entry)))).ToArray();
        foreach (string warning in selection.Warnings)
            report.Warn(warning);
        long total = sources.Sum(source => source.ByteLength);
        if (!DryRun)
            Write(input.Weights, sources, total);
        foreach (var source in sources.Where(source => source.Infinite > 0 && Floats is not null))
            report.Warn($"'{DataFileException.Escape(source.Name)}': {source.Infinite} values are infinite in {source.DType.Name}");
        Tell(input, selection, sources, total);
        return ExitCodes.Ok;
    }

    private WeightDType? TargetType(WeightEntry entry) => Floats is { } target && entry.DType.IsFloatingPoint ? target : null;

    private void Write(WeightFile file, CheckedSource[] sources, long total)
    {
        // safetensors readers for PyTorch look for this key, and PyTorch files have no metadata of their own.
        IReadOnlyDictionary<string, string>? metadata = file.Metadata.Count > 0 ? file.Metadata
            : file.Format is WeightFileFormat.TorchZip or WeightFileFormat.TorchLegacy ? new Dictionary<string, string> { ["format"] = "pt" }
            : null;
        using var progress = report.Progress("converting", total);
        try
        {
            if (Output == "-")
            {
                using var stream = console.OpenOutput();
                SafetensorsWriter.Write(stream, sources, metadata, progress, console.Cancellation);
            }
            else
                SafetensorsWriter.Write(Output, sources, metadata, new SafetensorsWriteOptions { Overwrite = Force, Progress = progress }, console.Cancellation);
        }
        catch (DataFileException error)
        {
            throw error.WithFile(file.FilePath);
        }
    }

    private void Tell(InputFile input, Selection selection, CheckedSource[] sources, long total)
    {
        string? hash = DryRun || Output == "-" ? null : HashFile(Output);
        var (file, mapping) = (input.Weights, selection.Mapping);
        if (Output != "-" || DryRun)
        {
            report.Line($"{DataFileException.Escape(Input)}: {Formats.Name(file.Format)}, {file.Entries.Count} tensors, {Formats.Bytes(input.Length)}");
            if (mapping is not null)
                report.Line($"names: {mapping.Map.Name}{(mapping.Wrapper.Length > 0 ? $" inside '{DataFileException.Escape(mapping.Wrapper)}'" : "")}, {selection.Renamed} renamed, {selection.Dropped.Count} left out");
            if (selection.Match is { } match)
                report.Line($"{Model}: {match}");
            report.Line($"{DataFileException.Escape(Output)}: {sources.Length} tensors, {Formats.Bytes(total)} of values{(DryRun ? " (not written: --dry-run)" : $", sha256 {hash}")}");
        }

        report.Document("convert", writer =>
        {
            writer.WriteStartObject("input");
            writer.WriteString("file", Input);
            writer.WriteString("format", Formats.Name(file.Format));
            writer.WriteNumber("tensors", file.Entries.Count);
            writer.WriteNumber("bytes", input.Length);
            writer.WriteEndObject();
            writer.WriteStartObject("output");
            writer.WriteString("file", Output);
            writer.WriteBoolean("written", !DryRun);
            writer.WriteNumber("tensors", sources.Length);
            writer.WriteNumber("tensorBytes", total);
            writer.WriteString("sha256", hash);
            writer.WriteEndObject();
            if (mapping is not null)
            {
                writer.WriteStartObject("names");
                writer.WriteString("map", mapping.Map.Name);
                writer.WriteString("wrapper", mapping.Wrapper);
                writer.WriteNumber("renamed", selection.Renamed);
                WriteNames(writer, "leftOut", selection.Dropped);
                WriteNames(writer, "otherWrappers", mapping.Alternatives);
                writer.WriteEndObject();
            }

            if (selection.Match is { } match)
            {
                writer.WriteStartObject("model");
                writer.WriteString("name", Model);
                writer.WriteNumber("matched", match.Matched.Count);
                WriteNames(writer, "missing", match.Missing);
                WriteNames(writer, "unexpected", match.Unexpected);
                WriteNames(writer, "wrongShape", match.WrongShape.Select(mismatch => mismatch.Name));
                writer.WriteEndObject();
            }
        });
    }

    private static void WriteNames(System.Text.Json.Utf8JsonWriter writer, string property, IEnumerable<string> names)
    {
        writer.WriteStartArray(property);
        foreach (string name in names)
            writer.WriteStringValue(name);
        writer.WriteEndArray();
    }

    private static string HashFile(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
