using System.Text.Json;
using ResNeSt.Tools;

namespace ResNeSt.Cli.Tests;

/// <summary>What one run of the command said and returned.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    /// <summary>The result as the JSON document that it must be.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    /// <summary>Lines of standard error.</summary>
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Runs the command in this process with captured output.</summary>
    public static CommandResult Run(params string[] args) => Run(Stream.Null, args);

    /// <summary>Runs the command in this process with the given standard input.</summary>
    public static CommandResult Run(Stream input, params string[] args)
    {
        using var output = new StringWriter();
        return Run(output, new CommandConsole(output, TextWriter.Null) { OpenInput = () => input }, args);
    }

    /// <summary>Runs the command in this process and cancels it, as Ctrl-C does, as soon as it has written a line that contains <paramref name="text"/>.</summary>
    public static CommandResult RunCancelledAfter(string text, params string[] args)
    {
        using var cancellation = new CancellationTokenSource();
        using var output = new CancellingWriter(text, cancellation);
        return Run(output, new CommandConsole(output, TextWriter.Null) { Cancellation = cancellation.Token }, args);
    }

    private static CommandResult Run(StringWriter output, CommandConsole console, string[] args)
    {
        using var error = new StringWriter();
        int code = ResnestApp.Run(args, console with { Error = error });
        return new CommandResult(code, output.ToString(), error.ToString());
    }

    private sealed class CancellingWriter(string text, CancellationTokenSource cancellation) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value?.Contains(text, StringComparison.Ordinal) == true)
                cancellation.Cancel();
        }
    }
}
