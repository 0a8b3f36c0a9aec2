using System.CommandLine;
using ResNeSt.Models;
using ResNeSt.Tensors;
using ResNeSt.Tools;
using ResNeSt.Training;

namespace ResNeSt.Cli;

/// <summary>The command line: its verbs and options.</summary>
public static class ResnestApp
{
    private const string Examples =
        """
        Examples:
          resnest classify samples/cat.jpg
          resnest classify samples/cat.jpg --model resnest50_fast_4s2x40d --weights my.pth --top 3
          resnest classify holiday/ --json
          resnest models
          resnest summary resnest101 --size 256
          resnest graph resnest50 --svg > resnest50.svg
          resnest verify resnest50
          resnest export resnest50 --onnx resnest50.onnx --batch dynamic
          resnest train --data cifar-10-batches-bin --recipe cifar10 --out runs/cifar10
          resnest train --resume runs/cifar10
          resnest evaluate --run runs/cifar10
          resnest classify samples/cat.jpg --run runs/cifar10
          resnest export --run runs/cifar10 --safetensors mine.safetensors --f16


        """;

    /// <summary>Runs the command.</summary>
    /// <param name="args">The arguments after the command's name.</param>
    /// <param name="console">Where it reads and writes.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static int Run(IReadOnlyList<string> args, CommandConsole console) =>
        CommandLineRunner.Run(Build(console), "resnest", args, console, error => error switch
        {
            UnknownModelException => (ExitCodes.Usage, "UnknownModel"),
            WeightsUnavailableException => (ExitCodes.Failed, "NoWeights"),
            ShapeException => (ExitCodes.Usage, "Shape"),
            NotSupportedException => (ExitCodes.Failed, "NotSupported"),
            TrainingDivergedException => (ExitCodes.Failed, "Diverged"),
            _ => null,
        });

    private static RootCommand Build(CommandConsole console)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON document, errors included", Recursive = true };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "No progress and no notes", Recursive = true };
        var noProgress = new Option<bool>("--no-progress") { Description = "No progress", Recursive = true };
        Report NewReport(ParseResult parsed) => new(console, parsed.GetValue(json), parsed.GetValue(quiet), !parsed.GetValue(noProgress));

        var root = new RootCommand("ResNeSt, the split-attention networks: classify pictures, train, evaluate, list, check and measure the networks.")
        {
            json, quiet, noProgress,
            ClassifyCommand.Create(console, NewReport),
            ModelsCommand.Create(NewReport),
            SummaryCommand.Create(NewReport),
            GraphCommand.Create(NewReport),
            VerifyCommand.Create(console, NewReport),
            DevicesCommand.Create(NewReport),
            KernelsCommand.Create(console, NewReport),
            BenchCommand.Create(console, NewReport),
            ExportCommand.Create(console, NewReport),
            TrainCommand.Create(console, NewReport),
            EvaluateCommand.Create(console, NewReport),
        };
        ExamplesFirst.AddTo(root, Examples);
        return root;
    }
}
