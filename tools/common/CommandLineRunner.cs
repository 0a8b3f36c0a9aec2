using System.CommandLine;
using System.CommandLine.Invocation;
using ResNeSt.Tensors;

namespace ResNeSt.Tools;

/// <summary>Parses and runs a command line, and turns every failure into one clear line, a document where asked for, and an exit code.</summary>
internal static class CommandLineRunner
{
    /// <param name="root">The command.</param>
    /// <param name="name">Its name, for the hint at help.</param>
    /// <param name="args">The arguments after the command's name.</param>
    /// <param name="console">Where it reads and writes.</param>
    /// <param name="known">Exit code and kind of failures only this command knows, or null.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static int Run(RootCommand root, string name, IReadOnlyList<string> args, CommandConsole console,
        Func<Exception, (int ExitCode, string Kind)?>? known = null)
    {
        // Known before parsing, so that a usage error can be a document too.
        bool json = args.Contains("--json");
        var result = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (result.Errors.Count > 0 && result.Action is ParseErrorAction)
        {
            string errors = string.Join(" ", result.Errors.Select(error => DataFileException.Escape(error.Message)));
            return Report.Failure(console, json, ExitCodes.Usage, "Usage", $"{errors} See {name} --help.");
        }

        try
        {
            return result.Invoke(new InvocationConfiguration
            {
                Output = console.Output,
                Error = console.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (UsageException error)
        {
            return Report.Failure(console, json, ExitCodes.Usage, "Usage", error.Message);
        }
        catch (DataFileException error)
        {
            return Report.Failure(console, json, error);
        }
        catch (DeviceException error)
        {
            return Report.Failure(console, json, ExitCodes.NoDevice, "NoDevice", error.Message);
        }
        catch (OperationCanceledException)
        {
            return Report.Failure(console, json, ExitCodes.Cancelled, "Cancelled", "stopped; nothing was written");
        }
        catch (Exception error) when (known?.Invoke(error) is { } failure)
        {
            return Report.Failure(console, json, failure.ExitCode, failure.Kind, error.Message);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Report.Failure(console, json, ExitCodes.Failed, "Failed", DataFileException.Escape(error.Message));
        }
    }
}
