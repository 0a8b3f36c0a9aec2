using System.CommandLine;
using System.Globalization;
using System.Reflection;
using ResNeSt.Models;
using ResNeSt.Tensors;
using ResNeSt.Tools;

namespace ResNeSt.Cli;

/// <summary><c>verify [MODEL...]</c>: the networks against known logits of the published implementations.</summary>
internal sealed class VerifyCommand
{
    private const double SingleAbsolute = 1e-4, SingleRelative = 1e-5;
    private const double DoubleAbsolute = 1e-8, DoubleRelative = 1e-8;

    private readonly Argument<string[]> _models = new("MODEL") { Description = "Names in the zoo; all that have known logits if left out", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string?> _golden = new("--golden") { Description = "File of known logits instead of the built-in one", HelpName = "FILE" };
    private readonly DeviceOptions _device = new();
    private readonly CommandConsole _console;

    private VerifyCommand(CommandConsole console) => _console = console;

    public static Command Create(CommandConsole console, Func<ParseResult, Report> newReport)
    {
        var verb = new VerifyCommand(console);
        var command = new Command("verify", "Runs networks with generated weights and compares their logits with those of the published implementations.")
        {
            verb._models, verb._golden,
        };
        verb._device.AddTo(command);
        command.SetAction(parsed => verb.Run(parsed, newReport(parsed)));
        return command;
    }

    private int Run(ParseResult parsed, Report report)
    {
        var known = ReadGolden(parsed.GetValue(_golden));
        var wanted = parsed.GetValue(_models) ?? [];
        var networks = wanted.Length == 0 ? known : wanted.Select(name => Find(known, name)).ToList();
        var device = _device.Use(parsed).Device;
        var rows = new List<Row>();
        foreach (var network in networks)
        {
            if (ModelZoo.Contains(network.Name))
                rows.AddRange(Check(network, device, report));
            else
                rows.Add(Miss(network, report));
        }

        int failed = rows.Count(row => !row.Passed);
        report.Line($"{rows.Count - failed} of {rows.Count} checks passed on {device}");
        report.Document("verify", writer =>
        {
            writer.WriteString("device", device.ToString());
            writer.WriteNumber("passed", rows.Count - failed);
            writer.WriteNumber("failed", failed);
            writer.WriteStartArray("checks");
            foreach (var row in rows)
            {
                writer.WriteStartObject();
                writer.WriteString("model", row.Model);
                writer.WriteString("check", row.What);
                writer.WriteBoolean("passed", row.Passed);
                if (row.Difference is { } difference && double.IsFinite(difference.Largest))
                {
                    writer.WriteNumber("largestDifference", difference.Largest);
                    writer.WriteNumber("relativeNormDifference", difference.RelativeNorm);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
        return failed == 0 ? ExitCodes.Ok : ExitCodes.Different;
    }

    private IEnumerable<Row> Check(GoldenNetwork network, Device device, Report report)
    {
        var dtype = device == Device.Reference ? DType.F64 : DType.F32;
        bool isDouble = dtype == DType.F64;
        using var model = ModelZoo.Find(network.Name).Create();
        long parameters = model.ParameterCount();
        int tensors = model.NamedState().Count();
        bool sameCounts = parameters == network.Parameters && tensors == network.Tensors;
        report.Line($"{Mark(sameCounts)} {network.Name}: {parameters} parameters in {tensors} tensors"
            + (sameCounts ? "" : $", the published network has {network.Parameters} in {network.Tensors}"));
        yield return new Row(network.Name, "parameters and tensors", sameCounts, null);

        model.MaterializeEmpty(device, dtype);
        model.Eval();
        GoldenWeights.Fill(model);
        foreach (var known in network.Cases)
        {
            _console.Cancellation.ThrowIfCancellationRequested();
            var difference = GoldenForward.Compare(model, known, device, dtype);
            bool passed = isDouble
                ? difference.IsWithin(DoubleAbsolute * Math.Max(1, known.Norm), DoubleRelative)
                : difference.IsWithin(SingleAbsolute, SingleRelative);
            report.Line(string.Create(CultureInfo.InvariantCulture,
                $"{Mark(passed)} {network.Name} {known.Input}: logits differ by {difference.Largest:e1}, norm by {difference.RelativeNorm:e1} relative, best class {(difference.SameBest ? "equal" : "DIFFERENT")}"));
            yield return new Row(network.Name, $"logits for {known.Input}", passed, difference);
        }
    }

    private static Row Miss(GoldenNetwork network, Report report)
    {
        report.Line($"{Mark(false)} {DataFileException.Escape(network.Name)}: not in the zoo");
        return new Row(network.Name, "in the zoo", false, null);
    }

    /// <summary>The known networks; of the built-in ones only those that the zoo has.</summary>
    private static IReadOnlyList<GoldenNetwork> ReadGolden(string? path)
    {
        if (path is null)
        {
            using var builtIn = Assembly.GetExecutingAssembly().GetManifestResourceStream("ResNeSt.Cli.forward.json")!;
            return [.. GoldenForward.Read(builtIn, "forward.json").Where(network => ModelZoo.Contains(network.Name))];
        }

        try
        {
            using var stream = File.OpenRead(path);
            return GoldenForward.Read(stream, path);
        }
        catch (Exception error) when (error is IOException and not DataFileException or UnauthorizedAccessException)
        {
            throw new DataFileException(DataFileErrorKind.Unreadable, "cannot be read: is the path right?", path, inner: error);
        }
    }

    private static GoldenNetwork Find(IReadOnlyList<GoldenNetwork> known, string name)
    {
        var entry = ModelZoo.Find(name);
        return known.FirstOrDefault(network => ModelZoo.Contains(network.Name) && ModelZoo.Find(network.Name) == entry)
            ?? throw new UsageException($"no known logits for {entry.Name}; there are some for {string.Join(", ", known.Select(network => DataFileException.Escape(network.Name)))}");
    }

    private static string Mark(bool passed) => passed ? "ok  " : "FAIL";

    private sealed record Row(string Model, string What, bool Passed, GoldenDifference? Difference);
}
