namespace ResNeSt.Tensors.Backends;

/// <summary>Times what a device is given, launch by launch, on the device's own clock, from <see cref="Backend.StartProfile"/> until it is disposed.</summary>
public abstract class DeviceProfile : IDisposable
{
    /// <summary>The kernels launched so far, the one with the most time first; waits for the device.</summary>
    public abstract IReadOnlyList<KernelTime> Read();

    /// <summary>Ends the measurement.</summary>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}

/// <summary>What a kernel took on a device.</summary>
/// <param name="Name">The kernel's name; copies are <c>memory.upload</c>, <c>memory.download</c>, <c>memory.copy</c> and <c>memory.clear</c>.</param>
/// <param name="Launches">Number of launches.</param>
/// <param name="Seconds">Time of all launches on the device's clock.</param>
/// <param name="Cost">The least work of the operators that it was launched for.</param>
public sealed record KernelTime(string Name, int Launches, double Seconds, OpCost Cost)
{
    /// <summary>Floating-point operations of the operators, as if computed directly, in 10⁹ a second.</summary>
    public double GigaflopsPerSecond => Cost.Flops / Seconds * 1e-9;

    /// <summary>Bytes that the operators must at least read and write, in 10⁹ a second.</summary>
    public double GigabytesPerSecond => (Cost.BytesRead + Cost.BytesWritten) / Seconds * 1e-9;
}
