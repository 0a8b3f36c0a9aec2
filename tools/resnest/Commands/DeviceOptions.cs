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
        if (parsed.GetValue(_threads) is { } threads)
        {
            if (threads is < 1 or > 1024)
                throw new UsageException($"--threads {threads} is not between 1 and 1024");
            EngineSettings.Threads = threads;
        }

        return DefaultBackends.Use(parsed.GetValue(_device)!);
    }
}
