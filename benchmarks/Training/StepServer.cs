using System.Diagnostics;
using System.Globalization;

namespace ResNeSt.Benchmarks;

/// <summary>A process that runs one training step for every line it is sent: each contender has its own memory, and they take turns.</summary>
public sealed class StepServer : IDisposable
{
    private readonly Process _process;

    /// <summary>Starts a contender and waits until it is ready.</summary>
    /// <param name="program">Program file.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <exception cref="InvalidOperationException">It ended before it was ready.</exception>
    public StepServer(string program, params IEnumerable<string> arguments)
    {
        _process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })
            ?? throw new InvalidOperationException($"'{program}' could not be started");
        Greeting = Read();
        if (!Greeting.StartsWith("ready", StringComparison.Ordinal))
            throw new InvalidOperationException($"'{program}' said '{Greeting}' instead of 'ready'");
    }

    /// <summary>What it said of itself.</summary>
    public string Greeting { get; }

    /// <summary>Milliseconds of one step, by the clock and of all processors together.</summary>
    public (double Elapsed, double Busy) Step()
    {
        _process.StandardInput.WriteLine("step");
        string[] parts = Read().Split(' ');
        return (double.Parse(parts[0], CultureInfo.InvariantCulture), double.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    /// <summary>Ends the process and gives the peak of its memory in MB.</summary>
    public long End()
    {
        _process.StandardInput.WriteLine("end");
        return long.Parse(Read(), CultureInfo.InvariantCulture);
    }

    /// <summary>Ends the process if it still runs.</summary>
    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private string Read() => _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"'{_process.StartInfo.FileName}' ended; see its errors above");
}
