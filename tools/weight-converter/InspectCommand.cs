using System.Buffers;
using System.Security.Cryptography;
using ResNeSt.Tensors;
using ResNeSt.Tools;
using ResNeSt.Weights;

namespace ResNeSt.WeightConverter;

/// <summary><c>inspect FILE</c>: what a weight file holds, without converting it.</summary>
internal sealed class InspectCommand(CommandConsole console, Report report)
{
    private const int PieceBytes = 1 << 20;

    public int Run(string name)
    {
        using var input = InputFile.Open(name, console);
        var file = input.Weights;
        string fileHash = HashFile(file.FilePath);
        var hashes = Hash(file, file.Entries.Sum(entry => entry.ByteLength));

        report.Line($"{DataFileException.Escape(name)}: {Formats.Name(file.Format)}, {file.Entries.Count} tensors, {Formats.Bytes(input.Length)}");
        report.Line($"sha256 {fileHash}");
        foreach (var (key, value) in file.Metadata)
            report.Line($"metadata {DataFileException.Escape(key)} = {DataFileException.Escape(value)}");
        int nameWidth = Math.Min(60, file.Entries.Select(entry => DataFileException.Escape(entry.Name).Length).DefaultIfEmpty(0).Max());
        int shapeWidth = file.Entries.Select(entry => entry.ShapeText.Length).DefaultIfEmpty(0).Max();
        foreach (var (entry, hash) in file.Entries.Zip(hashes))
            report.Line($"{DataFileException.Escape(entry.Name).PadRight(nameWidth)}  {DataFileException.Escape(entry.DTypeName),-8}  {entry.ShapeText.PadRight(shapeWidth)}  {entry.ByteLength,11}  {hash?[..16] ?? "cannot be loaded"}");

        report.Document("inspect", writer =>
        {
            writer.WriteString("file", name);
            writer.WriteString("format", Formats.Name(file.Format));
            writer.WriteNumber("bytes", input.Length);
            writer.WriteString("sha256", fileHash);
            writer.WriteStartObject("metadata");
            foreach (var (key, value) in file.Metadata)
                writer.WriteString(key, value);
            writer.WriteEndObject();
            writer.WriteStartArray("tensors");
            foreach (var (entry, hash) in file.Entries.Zip(hashes))
            {
                writer.WriteStartObject();
                writer.WriteString("name", entry.Name);
                writer.WriteString("dtype", entry.DTypeName);
                writer.WriteStartArray("shape");
                foreach (long extent in entry.Shape)
                    writer.WriteNumberValue(extent);
                writer.WriteEndArray();
                writer.WriteNumber("bytes", entry.ByteLength);
                // Null where the element type is not known and the tensor cannot be loaded.
                writer.WriteString("sha256", hash);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
        return ExitCodes.Ok;
    }

    private string?[] Hash(WeightFile file, long total)
    {
        using var progress = report.Progress("hashing", total);
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        var hashes = new string?[file.Entries.Count];
        long done = 0;
        foreach (var entry in file.Entries.Where(entry => entry.DType != WeightDType.Unknown))
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            for (long offset = 0; offset < entry.ByteLength;)
            {
                console.Cancellation.ThrowIfCancellationRequested();
                var part = piece.AsSpan(0, (int)Math.Min(PieceBytes, entry.ByteLength - offset));
                file.CopyRange(entry, offset, part);
                hash.AppendData(part);
                offset += part.Length;
                done += part.Length;
                progress.Report(done);
            }

            hashes[entry.Index] = Convert.ToHexStringLower(hash.GetHashAndReset());
        }

        ArrayPool<byte>.Shared.Return(piece);
        return hashes;
    }

    private static string HashFile(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
