using System.Diagnostics;

namespace ResNeSt.Packages.Tests;

/// <summary>Runs the SDK's command line.</summary>
internal static class DotnetCommand
{
    /// <summary>Runs <c>dotnet</c> and returns what it printed.</summary>
    /// <param name="folder">Working directory.</param>
    /// <param name="environment">Variables that differ from this process's.</param>
    /// <param name="arguments">Arguments.</param>
    /// <exception cref="InvalidOperationException">It failed; the message holds all it said.</exception>
    public static string Run(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        RunProgram("dotnet", folder, environment, arguments);

    /// <summary>Runs any program in the same way.</summary>
    public static string RunProgram(string program, string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // What the runner of the tests was told about its own build must not reach another one.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{output}{error.Result}");
    }
}
