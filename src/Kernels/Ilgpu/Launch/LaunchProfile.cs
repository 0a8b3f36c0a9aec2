using ILGPU.Runtime;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Times the launches of a queue: an event in front of each and one behind it. Nothing waits before the times are read.</summary>
internal sealed class LaunchProfile(GpuQueue queue) : DeviceProfile
{
    private readonly List<TimedLaunch> _launches = [];

    /// <summary>Notes the beginning of a launch; called with the queue locked.</summary>
    public TimedLaunch Begin(string kernel, OpCall? call, AcceleratorStream stream)
    {
        var launch = new TimedLaunch(kernel, call, DeviceEvent.Create(queue.Accelerator, timed: true), DeviceEvent.Create(queue.Accelerator, timed: true));
        launch.Start.Record(stream);
        _launches.Add(launch);
        return launch;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<KernelTime> Read()
    {
        TimedLaunch[] launches;
        lock (queue.Gate)
            launches = [.. _launches];
        queue.Synchronize();
        var timed = Array.ConvertAll(launches, launch => (Launch: launch, Seconds: launch.End.SecondsSince(launch.Start)));
        // An operator of several launches counts for the longest.
        var counted = timed.Where(entry => entry.Launch.Call is not null).GroupBy(entry => entry.Launch.Call!)
            .ToDictionary(group => group.MaxBy(entry => entry.Seconds).Launch, group => group.Key.Cost);
        return
        [
            .. timed.GroupBy(entry => entry.Launch.Kernel)
                .Select(group =>
                {
                    var cost = group.Select(entry => counted.GetValueOrDefault(entry.Launch)).Aggregate((sum, next) => sum + next);
                    return new KernelTime(group.Key, group.Count(), group.Sum(entry => entry.Seconds), cost);
                })
                .OrderByDescending(row => row.Seconds),
        ];
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        queue.End(this);
        foreach (var launch in _launches)
        {
            launch.Start.Dispose();
            launch.End.Dispose();
        }

        _launches.Clear();
        base.Dispose();
    }
}

/// <summary>One launch between its two events.</summary>
internal sealed class TimedLaunch(string kernel, OpCall? call, DeviceEvent start, DeviceEvent end)
{
    public string Kernel => kernel;

    /// <summary>The operator that it is part of; null for launches outside of operators.</summary>
    public OpCall? Call => call;

    public DeviceEvent Start => start;

    public DeviceEvent End => end;
}

/// <summary>One call of an operator's kernel.</summary>
internal sealed class OpCall(OpCost cost)
{
    public OpCost Cost => cost;
}
