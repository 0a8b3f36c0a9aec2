using ResNeSt.Tools;

namespace ResNeSt.WeightConverter;

/// <summary>The weight-converter command.</summary>
public static class Program
{
    /// <summary>Runs the command in this process's console.</summary>
    public static int Main(string[] args)
    {
        using var cancellation = new CancellationTokenSource();
        Console.CancelKeyPress += (_, press) =>
        {
            press.Cancel = true;
            cancellation.Cancel();
        };
        var console = new CommandConsole(Console.Out, Console.Error)
        {
            OpenInput = Console.OpenStandardInput,
            OpenOutput = Console.OpenStandardOutput,
            IsTerminal = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb" && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
            Cancellation = cancellation.Token,
        };
        return ConverterApp.Run(args, console);
    }
}
