using System.Diagnostics;
using System.Globalization;

namespace ResNeSt.Tools;

/// <summary>Progress of one job in bytes: a line redrawn in place on a terminal, else one plain line per ten seconds.</summary>
internal sealed class ProgressLine(TextWriter error, string what, long? total, bool isTerminal, bool shown) : IProgress<long>, IDisposable
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Plain = TimeSpan.FromSeconds(10);

    private readonly long _start = Stopwatch.GetTimestamp();
    private long _last = Stopwatch.GetTimestamp();
    private bool _drawn;

    /// <summary>Bytes in all, or null as long as nobody knows.</summary>
    public long? Total { get; set; } = total;

    /// <inheritdoc/>
    public void Report(long value)
    {
        if (!IsDue())
            return;
        double seconds = Math.Max(Stopwatch.GetElapsedTime(_start).TotalSeconds, 1e-3);
        string share = Total is { } bytes
            ? string.Create(CultureInfo.InvariantCulture, $"{100.0 * value / Math.Max(bytes, 1):f0} % ({value / 1e6:f0} of {bytes / 1e6:f0} MB")
            : string.Create(CultureInfo.InvariantCulture, $"({value / 1e6:f0} MB");
        string text = string.Create(CultureInfo.InvariantCulture, $"{what} {share}, {value / 1e6 / seconds:f0} MB/s)");
        Draw(text);
    }

    /// <summary>Shows progress that is not counted in bytes, as seldom as the others.</summary>
    public void Report(Func<string> text)
    {
        if (IsDue())
            Draw(text());
    }

    /// <summary>Takes the redrawn line away.</summary>
    public void Dispose() => Clear();

    /// <summary>Makes room for another line.</summary>
    public void Clear()
    {
        if (_drawn)
            error.Write("\r\x1b[K");
        _drawn = false;
    }

    private bool IsDue()
    {
        if (!shown || Stopwatch.GetElapsedTime(_last) < (isTerminal ? Redraw : Plain))
            return false;
        _last = Stopwatch.GetTimestamp();
        return true;
    }

    private void Draw(string text)
    {
        if (isTerminal)
            error.Write($"\r{text}\x1b[K");
        else
            error.WriteLine(text);
        _drawn = isTerminal;
    }
}
