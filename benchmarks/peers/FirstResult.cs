using System.Diagnostics;
using System.Globalization;

namespace ResNeSt.Peers;

/// <summary>From the start of a process to its first result, and the most memory it ever had, for programs that do nothing else.</summary>
internal static class FirstResult
{
    private const int RunsForMemory = 10;

    /// <summary>Our side: computes once, says so, computes some more, says how much memory that took.</summary>
    public static void Serve(PeerRow row, string weights, string input, int threads)
    {
        using var contender = new OurContender(row, weights, input, threads);
        contender.Run();
        Console.WriteLine("first");
        for (int run = 0; run < RunsForMemory; run++)
            contender.Run();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{PeakKilobytes()} kB"));
    }

    /// <summary>Milliseconds to the first result and peak memory in bytes of this engine.</summary>
    public static (double Milliseconds, double Bytes) Ours(PeerRow row, PeerFiles files, int threads) => Measure(ContenderProcess.Command(
        new Dictionary<string, string>(), ["first", row.Model, Text(row.Size), Text(row.Batch), Text(threads), files.Weights(row.Model, WeightDraw.Golden), files.Input(row)]));

    /// <summary>The same of ONNX Runtime, in the C program beside this one.</summary>
    public static (double Milliseconds, double Bytes) Theirs(PeerRow row, PeerFiles files, string program, string library, int threads) => Measure(new ProcessStartInfo(program,
        [library, files.Onnx(row, WeightDraw.Golden), files.Input(row), Text(row.Batch), Text(row.Size), Text(PeerRow.Classes), Text(threads), Text(RunsForMemory)]) { RedirectStandardOutput = true });

    /// <summary>Compiles the C program; null where there is no compiler.</summary>
    public static string? Compile(string folder)
    {
        string source = Path.Combine(AppContext.BaseDirectory, "first.c"), program = Path.Combine(folder, "first");
        try
        {
            using var compiler = Process.Start(new ProcessStartInfo("cc", ["-O2", source, "-o", program, "-ldl"]))!;
            compiler.WaitForExit();
            return compiler.ExitCode == 0 ? program : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static (double Milliseconds, double Bytes) Measure(ProcessStartInfo start)
    {
        long begin = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        string? line = process.StandardOutput.ReadLine();
        double first = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        string memory = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (line != "first" || process.ExitCode != 0)
            throw new InvalidOperationException($"{start.FileName} failed; what it said stands above");
        return (first, 1024 * double.Parse(memory.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[0], CultureInfo.InvariantCulture));
    }

    private static long PeakKilobytes()
    {
        const string status = "/proc/self/status", name = "VmHWM:";
        return File.Exists(status)
            ? long.Parse(File.ReadLines(status).First(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture)
            : Process.GetCurrentProcess().PeakWorkingSet64 / 1024;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
