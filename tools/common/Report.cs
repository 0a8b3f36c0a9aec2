using System.Text;
using System.Text.Json;
using ResNeSt.Tensors;

namespace ResNeSt.Tools;

/// <summary>What one run says: the result on standard output, as text or as one JSON document; progress and warnings on standard error.</summary>
internal sealed class Report(CommandConsole console, bool json, bool quiet, bool progress)
{
    /// <summary>Version of every document; raised when a field changes its meaning or goes.</summary>
    private const int DocumentVersion = 1;

    private readonly List<string> _warnings = [];

    /// <summary>True where the result is a document.</summary>
    public bool Json => json;

    /// <summary>A report that says nothing, for a process that is not the one to speak.</summary>
    public Report Silent() => new(console with { Output = TextWriter.Null, Error = TextWriter.Null }, json, quiet: true, progress: false);

    /// <summary>Says what the user should know but need not act on.</summary>
    public void Warn(string text)
    {
        _warnings.Add(text);
        if (!quiet)
            console.Error.WriteLine($"warning: {text}");
    }

    /// <summary>Says on standard error what is going on.</summary>
    public void Note(string text)
    {
        if (!quiet)
            console.Error.WriteLine(text);
    }

    /// <summary>One line of a text result.</summary>
    public void Line(string text)
    {
        if (!json)
            console.Output.WriteLine(text);
    }

    /// <summary>The document; <paramref name="write"/> adds the fields of the verb.</summary>
    public void Document(string command, Action<Utf8JsonWriter> write)
    {
        if (json)
            WriteDocument(console, writer =>
            {
                writer.WriteString("command", command);
                write(writer);
                writer.WriteStartArray("warnings");
                foreach (string warning in _warnings)
                    writer.WriteStringValue(warning);
                writer.WriteEndArray();
            });
    }

    /// <summary>A line of progress, told bytes.</summary>
    public ProgressLine Progress(string what, long? total) => new(console.Error, what, total, console.IsTerminal, shown: progress && !quiet);

    /// <summary>Tells of a refused file; returns the exit code.</summary>
    public static int Failure(CommandConsole console, bool json, DataFileException error)
        => Failure(console, json, ExitCodes.BadInput, error.Kind.ToString(), error.Message, writer =>
        {
            if (error.File is not null)
                writer.WriteString("file", DataFileException.Escape(error.File));
            if (error.Entry is not null)
                writer.WriteString("entry", DataFileException.Escape(error.Entry));
            if (error.Offset is { } offset)
                writer.WriteNumber("offset", offset);
        });

    /// <summary>Tells of a failure; returns the exit code.</summary>
    public static int Failure(CommandConsole console, bool json, int exitCode, string kind, string message, Action<Utf8JsonWriter>? place = null)
    {
        console.Error.WriteLine($"error: {message}");
        if (json)
            WriteDocument(console, writer =>
            {
                writer.WriteStartObject("error");
                writer.WriteString("kind", kind);
                writer.WriteString("message", message);
                place?.Invoke(writer);
                writer.WriteNumber("exitCode", exitCode);
                writer.WriteEndObject();
            });
        return exitCode;
    }

    private static void WriteDocument(CommandConsole console, Action<Utf8JsonWriter> write)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            writer.WriteStartObject();
            writer.WriteNumber("version", DocumentVersion);
            write(writer);
            writer.WriteEndObject();
        }

        console.Output.WriteLine(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
    }
}
