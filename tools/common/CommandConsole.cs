namespace ResNeSt.Tools;

/// <summary>Where a run of a command reads and writes: the process's console, or a test's.</summary>
/// <param name="Output">Results.</param>
/// <param name="Error">Progress, warnings and errors.</param>
public sealed record CommandConsole(TextWriter Output, TextWriter Error)
{
    /// <summary>Bytes of standard input, for the file name <c>-</c>.</summary>
    public Func<Stream> OpenInput { get; init; } = () => Stream.Null;

    /// <summary>Bytes of standard output, for the file name <c>-</c>.</summary>
    public Func<Stream> OpenOutput { get; init; } = () => Stream.Null;

    /// <summary>Whether a bar may be drawn on <see cref="Error"/>.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>Set by Ctrl-C.</summary>
    public CancellationToken Cancellation { get; init; }
}
