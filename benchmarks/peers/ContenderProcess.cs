using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace ResNeSt.Peers;

/// <summary>A contender in a process of its own, which computes when it is told to: so that neither's threads and memory are in the other's way.</summary>
internal sealed class ContenderProcess : IDisposable
{
    private readonly Process _process;

    private ContenderProcess(Process process) => _process = process;

    /// <summary>Starts one and waits until it is ready.</summary>
    /// <param name="environment">Variables that differ from this process's.</param>
    /// <param name="arguments">See <see cref="Serve"/>.</param>
    public static ContenderProcess Start(IReadOnlyDictionary<string, string> environment, params IEnumerable<string> arguments)
    {
        var contender = new ContenderProcess(Process.Start(Command(environment, ["contender", .. arguments]))!);
        contender.Read("ready");
        return contender;
    }

    /// <summary>This program with other arguments.</summary>
    public static ProcessStartInfo Command(IReadOnlyDictionary<string, string> environment, IEnumerable<string> arguments)
    {
        string program = Environment.ProcessPath!;
        string[] self = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [typeof(ContenderProcess).Assembly.Location] : [];
        var start = new ProcessStartInfo(program, [.. self, .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return start;
    }

    /// <summary>Milliseconds of each of several runs in a row: by the clock, and of all processors together.</summary>
    public (double Clock, double Processor)[] Run(int count)
    {
        _process.StandardInput.WriteLine($"run {count}");
        double[] numbers = [.. Read("times").Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
        return [.. numbers.Chunk(2).Select(pair => (pair[0], pair[1]))];
    }

    /// <summary>Bytes allocated on the managed heap by so many runs.</summary>
    public long Allocated(int count)
    {
        _process.StandardInput.WriteLine($"allocated {count}");
        return long.Parse(Read("bytes"), CultureInfo.InvariantCulture);
    }

    /// <summary>The logits of the last run.</summary>
    public float[] Output()
    {
        _process.StandardInput.WriteLine("output");
        return MemoryMarshal.Cast<byte, float>(Convert.FromBase64String(Read("logits"))).ToArray();
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(10_000))
            _process.Kill();
        _process.Dispose();
    }

    /// <summary>The other side: reads orders until there are no more.</summary>
    public static void Serve(IContender contender)
    {
        contender.Run();
        Console.WriteLine("ready ");
        while (Console.ReadLine() is { } order)
        {
            string[] words = order.Split(' ');
            int count = words.Length > 1 ? int.Parse(words[1], CultureInfo.InvariantCulture) : 0;
            Console.WriteLine(words[0] switch
            {
                "run" => "times " + string.Join(' ', Times(contender, count).Select(time => time.ToString("f4", CultureInfo.InvariantCulture))),
                "allocated" => "bytes " + Allocation(contender, count).ToString(CultureInfo.InvariantCulture),
                _ => "logits " + Convert.ToBase64String(MemoryMarshal.AsBytes<float>(contender.Output)),
            });
        }
    }

    private static double[] Times(IContender contender, int count)
    {
        var times = new double[2 * count];
        for (int i = 0; i < count; i++)
        {
            var used = ProcessorTime();
            long start = Stopwatch.GetTimestamp();
            contender.Run();
            times[2 * i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            times[2 * i + 1] = (ProcessorTime() - used).TotalMilliseconds;
        }

        return times;
    }

    private static TimeSpan ProcessorTime() => OperatingSystem.IsIOS() || OperatingSystem.IsTvOS() ? default : Environment.CpuUsage.TotalTime;

    private static long Allocation(IContender contender, int count)
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < count; i++)
            contender.Run();
        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }

    private string Read(string kind)
    {
        string? line = _process.StandardOutput.ReadLine();
        return line is not null && line.StartsWith(kind + " ", StringComparison.Ordinal) ? line[(kind.Length + 1)..]
            : throw new InvalidOperationException($"a contender ended, or answered '{line}' instead of '{kind}'; what it said stands above");
    }
}
