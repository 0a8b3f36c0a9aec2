using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Cli;

/// <summary>Stands in for GpuSupport.cs where no package source had ILGPU when this was built.</summary>
internal static class GpuSupport
{
    private const string Why = "this build has no GPU kernels: no configured package source had ILGPU; add one and build again";

    public static IEnumerable<DeviceLine> Devices() => [new DeviceLine("cuda", null, Why, [])];

    public static IReadOnlyList<string> KernelNames => [];

    public static IReadOnlyList<string> Architectures => ["sm_80", "sm_86", "sm_89", "sm_90"];

    public static bool CanAssemble => false;

    public static IReadOnlyList<KernelLine> Kernels(string architecture, CancellationToken cancellation) => throw new DeviceException(Why);

    public static string Ptx(string name, string architecture) => throw new DeviceException(Why);

    public static bool TryUsePrecision(Backend backend, string precision) => false;

    public static double? PeakFlops(Backend backend) => null;

    public static bool HasTensorCores(Backend backend) => false;

    public static IReadOnlyDictionary<string, double> TensorPeakFlops(Backend backend) => new Dictionary<string, double>();
}
