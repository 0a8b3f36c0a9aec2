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
        using var error = new StringWriter();
        int code = ResnestApp.Run(args, new CommandConsole(output, error) { OpenInput = () => input });
        return new CommandResult(code, output.ToString(), error.ToString());
    }
}
