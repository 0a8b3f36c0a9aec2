using System.CommandLine;
using System.Globalization;
using ResNeSt.Models;
using ResNeSt.Tools;

namespace ResNeSt.Cli;

/// <summary><c>models</c>: the zoo with sizes and published accuracies.</summary>
internal static class ModelsCommand
{
    public static Command Create(Func<ParseResult, Report> newReport)
    {
        var all = new Option<bool>("--all") { Description = "List the dilated forms too" };
        var switches = new Option<bool>("--switches") { Description = "Show what each network has beyond a plain ResNet" };
        var command = new Command("models", "Lists the networks: parameters, MACs, size of the weights, published accuracy and its source.") { all, switches };
        command.SetAction(parsed => Run(newReport(parsed), parsed.GetValue(all), parsed.GetValue(switches)));
        return command;
    }

    private static int Run(Report report, bool all, bool showSwitches)
    {
        var entries = ModelZoo.All.Where(entry => all || entry.Name == entry.Card.Name).ToList();
        int width = entries.Max(entry => entry.Name.Length);
        report.Line($"{"model".PadRight(width)}  {"params",11}  {"GMACs @ px",14}  {"weights",8}  top-1  at  source");
        foreach (var entry in entries)
        {
            var card = entry.Card;
            var accuracy = card.Accuracy.FirstOrDefault();
            string published = accuracy is null ? "    -" : string.Create(CultureInfo.InvariantCulture, $"{accuracy.Top1,5:f2}  {accuracy.Size}  {accuracy.Source}");
            report.Line(string.Create(CultureInfo.InvariantCulture,
                $"{entry.Name.PadRight(width)}  {card.Parameters,11:n0}  {Gmacs(entry),8:f3} @ {card.Macs.Size}  {card.Parameters * 4 / 1e6,5:f0} MB  {published}"));
            var switches = Switches(entry);
            if (showSwitches && switches.Count > 0)
                report.Line($"{"".PadRight(width)}    {string.Join(", ", switches)}");
        }

        report.Document("models", writer =>
        {
            writer.WriteStartArray("models");
            foreach (var entry in entries)
            {
                writer.WriteStartObject();
                writer.WriteString("name", entry.Name);
                writer.WriteStartArray("aliases");
                foreach (string alias in entry.Aliases)
                    writer.WriteStringValue(alias);
                writer.WriteEndArray();
                writer.WriteNumber("parameters", entry.Card.Parameters);
                writer.WriteNumber("macs", (long)(Gmacs(entry) * 1e9));
                writer.WriteNumber("macsAtSize", entry.Card.Macs.Size);
                writer.WriteNumber("weightBytes", entry.Card.Parameters * 4);
                writer.WriteString("source", entry.Card.Source);
                writer.WriteStartArray("switches");
                foreach (string change in Switches(entry))
                    writer.WriteStringValue(change);
                writer.WriteEndArray();
                writer.WriteStartArray("accuracy");
                foreach (var accuracy in entry.Card.Accuracy)
                {
                    writer.WriteStartObject();
                    writer.WriteNumber("top1", accuracy.Top1);
                    if (accuracy.Top5 is { } top5)
                        writer.WriteNumber("top5", top5);
                    writer.WriteNumber("size", accuracy.Size);
                    writer.WriteString("source", accuracy.Source);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                writer.WriteStartArray("weights");
                foreach (var weights in entry.Card.Weights)
                    writer.WriteStringValue(weights.File);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
        return ExitCodes.Ok;
    }

    private static IReadOnlyList<string> Switches(ModelEntry entry)
    {
        using var model = entry.Create();
        return model is ResNet net ? ResNetSwitches.Of(net.Options) : [];
    }

    private static double Gmacs(ModelEntry entry) => ModelSummary.Create(entry, entry.Card.Macs.Size).Macs / 1e9;
}
