using System.Text.Json;
using ResNeSt.Tools;
using ResNeSt.WeightConverter;

namespace ResNeSt.Weights.Tests;

/// <summary>One run of the weight-converter command in this process.</summary>
internal sealed record ConverterRun(int ExitCode, string Output, string Error)
{
    /// <summary>The document on standard output.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    /// <summary>Runs the command with these arguments.</summary>
    public static ConverterRun Of(params string[] args) => Of(new MemoryStream(), new MemoryStream(), default, args);

    /// <summary>Runs the command with these bytes as standard input, and standard output's bytes where the file name is <c>-</c>.</summary>
    public static ConverterRun Of(Stream input, Stream output, CancellationToken cancellation, params string[] args)
    {
        using var text = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        int code = ConverterApp.Run(args, new CommandConsole(text, error) { OpenInput = () => input, OpenOutput = () => output, Cancellation = cancellation });
        return new ConverterRun(code, text.ToString(), error.ToString());
    }
}
