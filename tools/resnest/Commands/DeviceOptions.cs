using System.CommandLine;
using ResNeSt.Models;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tools;

namespace ResNeSt.Cli;

/// <summary>Where a command computes: <c>--device</c> and <c>--threads</c>.</summary>
internal sealed class DeviceOptions
{
    private readonly Option<string> _device = new("--device")
    {
        Description = "Where to compute: cpu, cuda:0, opencl:0, ilgpu-cpu, reference (slow, double precision)",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("RESNEST_DEVICE") is { Length: > 0 } name ? name : "cpu",
        HelpName = "NAME",
    };

    private readonly Option<int?> _threads = new("--threads") { Description = "Threads of the CPU; all processors if left out", HelpName = "N" };

    public void AddTo(Command command)
    {
        command.Add(_device);
        command.Add(_threads);
    }

    /// <summary>Applies the thread count and returns the backend.</summary>
    public Backend Use(ParseResult parsed)
    {
        UseThreads(parsed);
        string name = parsed.GetValue(_device)!;
        return name.Contains(',')
            ? throw new UsageException($"--device {DataFileException.Escape(name)}: this command takes one device; only train takes several")
            : DefaultBackends.Use(name);
    }

    /// <summary>Names of the devices in a list such as <c>cuda:0,cuda:1</c>; one in most cases. None is opened.</summary>
    public IReadOnlyList<string> List(ParseResult parsed)
    {
        string text = parsed.GetValue(_device)!;
        string[] names = text.Split(',');
        if (names.Any(name => name.Length == 0 || name.Any(char.IsWhiteSpace)))
            throw new UsageException($"--device {DataFileException.Escape(text)}: names must stand between commas without spaces, as in cuda:0,cuda:1");
        if (names.Length > TrainReplicas.Most)
            throw new UsageException($"--device lists {names.Length} devices, more than {TrainReplicas.Most}");
        return names;
    }

    /// <summary>Applies the thread count.</summary>
    public void UseThreads(ParseResult parsed)
    {
        if (parsed.GetValue(_threads) is not { } threads)
            return;
        if (threads is < 1 or > 1024)
            throw new UsageException($"--threads {threads} is not between 1 and 1024");
        EngineSettings.Threads = threads;
    }
}
