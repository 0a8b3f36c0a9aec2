using System.CommandLine;
using ResNeSt.Tensors;
using ResNeSt.Tools;

namespace ResNeSt.WeightConverter;

/// <summary>The command line: its verbs and options, and what every failure becomes.</summary>
public static class ConverterApp
{
    private const string Examples =
        """
        Examples:
          weight-converter resnest50-528c19ca.pth resnest50.safetensors
          weight-converter checkpoint.pth resnest50.safetensors --model resnest50 --ema
          weight-converter resnest50.params resnest50-f16.safetensors --to pth-names --to f16
          weight-converter inspect resnest50.safetensors
          weight-converter diff resnest50.pth resnest50.safetensors --tolerance 0


        """;

    /// <summary>Runs the command.</summary>
    /// <param name="args">The arguments after the command's name.</param>
    /// <param name="console">Where it reads and writes.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static int Run(IReadOnlyList<string> args, CommandConsole console) =>
        CommandLineRunner.Run(Build(console), "weight-converter", args, console);

    private static RootCommand Build(CommandConsole console)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON document, errors included", Recursive = true };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "No progress and no warnings", Recursive = true };
        var noProgress = new Option<bool>("--no-progress") { Description = "No progress", Recursive = true };
        Report NewReport(ParseResult parsed) => new(console, parsed.GetValue(json), parsed.GetValue(quiet), !parsed.GetValue(noProgress));

        var input = new Argument<string>("IN") { Description = "Weights to read: .safetensors, .pth (zip or legacy), MXNet .params; - is standard input" };
        var output = new Argument<string>("OUT") { Description = "safetensors file to write; - is standard output" };
        var to = new Option<string[]>("--to") { Description = "safetensors: keep names and types (the default). pth-names: give tensors their official PyTorch names. f16, bf16: store floats in 16 bits. May be repeated" };
        to.AcceptOnlyFromAmong("safetensors", "pth-names", "f16", "bf16");
        var model = new Option<string?>("--model") { Description = "Check names and shapes against this model and write exactly its tensors, by their official names", HelpName = "NAME" };
        var map = new Option<string?>("--map") { Description = "Whose names IN uses; auto finds out. Giving it renames tensors as pth-names does" };
        map.AcceptOnlyFromAmong(["auto", .. Weights.NameMap.All.Select(known => known.Name)]);
        var average = new Option<bool>("--ema") { Description = "Take a checkpoint's moving average of the weights" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Check and report, write nothing" };
        var force = new Option<bool>("--force", "-f") { Description = "Replace OUT if it exists" };

        var root = new RootCommand("Converts, inspects and compares weight files without trusting them: nothing in a file is ever executed.")
        {
            input, output, to, model, map, average, dryRun, force, json, quiet, noProgress,
        };
        root.SetAction(parsed => new ConvertCommand(console, NewReport(parsed))
        {
            Input = parsed.GetRequiredValue(input),
            Output = parsed.GetRequiredValue(output),
            To = parsed.GetValue(to) ?? [],
            Model = parsed.GetValue(model),
            Map = parsed.GetValue(map),
            PreferAverage = parsed.GetValue(average),
            DryRun = parsed.GetValue(dryRun),
            Force = parsed.GetValue(force),
        }.Run());

        var file = new Argument<string>("FILE") { Description = "Weights to look into; - is standard input" };
        var inspect = new Command("inspect", "Lists names, types, shapes, bytes, metadata and hashes of a weight file.") { file };
        inspect.SetAction(parsed => new InspectCommand(console, NewReport(parsed)).Run(parsed.GetRequiredValue(file)));

        var left = new Argument<string>("A") { Description = "A weight file" };
        var right = new Argument<string>("B") { Description = "Another, of any format" };
        var tolerance = new Option<double?>("--tolerance") { Description = "Exit with 5 if a tensor differs by more, or the sets of tensors differ", HelpName = "X" };
        var diff = new Command("diff", "Compares two weight files: the largest difference of each tensor.") { left, right, tolerance };
        diff.SetAction(parsed => new DiffCommand(console, NewReport(parsed)).Run(parsed.GetRequiredValue(left), parsed.GetRequiredValue(right), parsed.GetValue(tolerance)));

        root.Add(inspect);
        root.Add(diff);
        ExamplesFirst.AddTo(root, Examples);
        return root;
    }
}
