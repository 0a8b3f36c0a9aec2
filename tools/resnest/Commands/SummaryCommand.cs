using System.CommandLine;
using System.Globalization;
using ResNeSt.Models;
using ResNeSt.Tools;

namespace ResNeSt.Cli;

/// <summary><c>summary MODEL</c>: every layer with its output, parameters, MACs and bytes.</summary>
internal static class SummaryCommand
{
    public static Command Create(Func<ParseResult, Report> newReport)
    {
        var model = new Argument<string>("MODEL") { Description = "Name in the zoo" };
        var size = new Option<int?>("--size") { Description = "Side of the input in pixels; the model card's if left out", HelpName = "PIXELS" };
        var batch = new Option<int>("--batch") { Description = "Pictures at once", DefaultValueFactory = _ => 1, HelpName = "N" };
        var command = new Command("summary", "Prints a network's layers with output shapes, parameters, MACs and bytes of activations.") { model, size, batch };
        command.SetAction(parsed => Run(newReport(parsed), parsed.GetRequiredValue(model), parsed.GetValue(size), parsed.GetValue(batch)));
        return command;
    }

    private static int Run(Report report, string name, int? size, int batch)
    {
        if (size is < 1 or > 8192)
            throw new UsageException($"--size {size} is not between 1 and 8192");
        if (batch is < 1 or > 4096)
            throw new UsageException($"--batch {batch} is not between 1 and 4096");
        var entry = ModelZoo.Find(name);
        var summary = ModelSummary.Create(entry, size ?? entry.Card.Macs.Size, batch);
        int width = summary.Layers.Max(layer => layer.Name.Length + layer.Kind.Length + 3);
        using var model = entry.Create();
        var switches = model is ResNet net ? ResNetSwitches.Of(net.Options) : [];
        if (switches.Count > 0)
            report.Line($"a ResNet with {string.Join(", ", switches)}");
        report.Line($"{"layer".PadRight(width)}  {"output",-20}  {"parameters",11}  {"MACs",15}  {"bytes written",13}");
        foreach (var layer in summary.Layers)
        {
            string label = $"{layer.Name} ({layer.Kind})";
            report.Line(string.Create(CultureInfo.InvariantCulture,
                $"{label.PadRight(width)}  {layer.Output.Shape.ToString(),-20}  {layer.Parameters,11:n0}  {layer.Macs,15:n0}  {layer.BytesWritten,13:n0}"));
        }

        report.Line(string.Create(CultureInfo.InvariantCulture,
            $"total for input {summary.Input.Shape}: {summary.Parameters:n0} parameters ({summary.Parameters * 4 / 1e6:f1} MB in F32), {summary.Macs:n0} MACs, {summary.BytesWritten:n0} bytes written"));
        report.Document("summary", writer =>
        {
            writer.WriteString("model", entry.Name);
            writer.WriteString("input", summary.Input.Shape.ToString());
            writer.WriteStartArray("switches");
            foreach (string change in switches)
                writer.WriteStringValue(change);
            writer.WriteEndArray();
            writer.WriteNumber("parameters", summary.Parameters);
            writer.WriteNumber("macs", summary.Macs);
            writer.WriteNumber("bytesWritten", summary.BytesWritten);
            writer.WriteStartArray("layers");
            foreach (var layer in summary.Layers)
            {
                writer.WriteStartObject();
                writer.WriteString("name", layer.Name);
                writer.WriteString("kind", layer.Kind);
                writer.WriteStartArray("output");
                foreach (int extent in layer.Output.Shape)
                    writer.WriteNumberValue(extent);
                writer.WriteEndArray();
                writer.WriteNumber("parameters", layer.Parameters);
                writer.WriteNumber("macs", layer.Macs);
                writer.WriteNumber("bytesWritten", layer.BytesWritten);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
        return ExitCodes.Ok;
    }
}
