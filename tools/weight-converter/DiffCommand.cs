using System.Globalization;
using ResNeSt.Tensors;
using ResNeSt.Tools;
using ResNeSt.Weights;

namespace ResNeSt.WeightConverter;

/// <summary><c>diff A B</c>: the largest difference of each tensor that both files have, names brought to one grammar.</summary>
internal sealed class DiffCommand(CommandConsole console, Report report)
{
    public int Run(string left, string right, double? tolerance)
    {
        if (left == "-" && right == "-")
            throw new UsageException("only one file can come from standard input");
        if (tolerance is { } bound && !(bound >= 0))
            throw new UsageException("--tolerance is zero or more");
        using var a = InputFile.Open(left, console);
        using var b = InputFile.Open(right, console);
        var inA = ByOfficialName(a.Weights);
        var inB = ByOfficialName(b.Weights);
        var both = inA.Keys.Where(inB.ContainsKey).ToArray();
        string[] onlyA = [.. inA.Keys.Where(name => !inB.ContainsKey(name))], onlyB = [.. inB.Keys.Where(name => !inA.ContainsKey(name))];

        var differences = new List<TensorDifference>(both.Length);
        using (var progress = report.Progress("comparing", both.Sum(name => inA[name].ByteLength)))
        {
            long done = 0;
            foreach (string name in both)
            {
                console.Cancellation.ThrowIfCancellationRequested();
                differences.Add(TensorDifference.Measure(name, a.Weights, inA[name], b.Weights, inB[name]));
                done += inA[name].ByteLength;
                progress.Report(done);
            }
        }

        bool within = onlyA.Length == 0 && onlyB.Length == 0 && differences.All(difference => difference.Largest <= (tolerance ?? 0));
        Tell(left, right, differences, onlyA, onlyB);
        return tolerance is null || within ? ExitCodes.Ok : ExitCodes.Different;
    }

    private static Dictionary<string, WeightEntry> ByOfficialName(WeightFile file)
    {
        try
        {
            var mapping = NameMapping.Detect(file.Entries.Select(entry => entry.Name));
            return file.Entries.ToDictionary(entry => mapping.Official.GetValueOrDefault(entry.Name, entry.Name), StringComparer.Ordinal);
        }
        catch (DataFileException error)
        {
            throw error.WithFile(file.FilePath);
        }
        catch (ArgumentException)
        {
            // A name outside the wrapper equals an official one inside: then names are compared as they are.
            return file.Entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
        }
    }

    private void Tell(string left, string right, List<TensorDifference> differences, string[] onlyA, string[] onlyB)
    {
        var differing = differences.Where(difference => !(difference.Largest <= 0)).ToArray();
        int width = Math.Min(60, differing.Select(difference => DataFileException.Escape(difference.Name).Length).DefaultIfEmpty(0).Max());
        foreach (var difference in differing)
            report.Line($"{DataFileException.Escape(difference.Name).PadRight(width)}  {difference}");
        foreach (string name in onlyA)
            report.Line($"{DataFileException.Escape(name)}  only in {DataFileException.Escape(left)}");
        foreach (string name in onlyB)
            report.Line($"{DataFileException.Escape(name)}  only in {DataFileException.Escape(right)}");
        double largest = differences.Select(difference => difference.Largest).DefaultIfEmpty(0).Max();
        report.Line(string.Create(CultureInfo.InvariantCulture, $"{differences.Count - differing.Length} tensors equal, {differing.Length} differ (largest difference {largest:g6}), {onlyA.Length + onlyB.Length} in one file only"));

        report.Document("diff", writer =>
        {
            writer.WriteString("a", left);
            writer.WriteString("b", right);
            writer.WriteNumber("equal", differences.Count - differing.Length);
            WriteValue(writer, "largest", largest);
            writer.WriteStartArray("tensors");
            foreach (var difference in differences)
            {
                writer.WriteStartObject();
                writer.WriteString("name", difference.Name);
                WriteValue(writer, "largest", difference.Largest);
                writer.WriteString("dtypes", $"{difference.DTypes.A} {difference.DTypes.B}");
                if (difference.Index is { } index)
                    writer.WriteNumber("index", index);
                writer.WriteNumber("different", difference.Different);
                if (difference.Reason is not null)
                    writer.WriteString("reason", difference.Reason);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            WriteNames(writer, "onlyA", onlyA);
            WriteNames(writer, "onlyB", onlyB);
        });
    }

    private static void WriteNames(System.Text.Json.Utf8JsonWriter writer, string property, string[] names)
    {
        writer.WriteStartArray(property);
        foreach (string name in names)
            writer.WriteStringValue(name);
        writer.WriteEndArray();
    }

    // JSON has no infinity: null stands for a difference without a number.
    private static void WriteValue(System.Text.Json.Utf8JsonWriter writer, string property, double value)
    {
        if (double.IsFinite(value))
            writer.WriteNumber(property, value);
        else
            writer.WriteNull(property);
    }
}
