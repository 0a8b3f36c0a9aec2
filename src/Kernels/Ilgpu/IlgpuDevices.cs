using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Finds the devices that ILGPU can drive and opens them.</summary>
public static class IlgpuDevices
{
    /// <summary>Threads of a group on the simulated devices: what the smallest matrix tile needs.</summary>
    private const int SimulatedGroup = 64;

    private static readonly Lazy<Context> Cuda = new(() => Create(builder => builder.Cuda(), OptimizationLevel.O1));

    // ILGPU's OpenCL code of level O1 does not build on every platform.
    private static readonly Lazy<Context> OpenCl = new(() => Create(builder => builder.OpenCL(), OptimizationLevel.O2));

    private static readonly Lazy<Context> Simulated = new(() => Create(
        builder => builder.CPU(SimulatedDevice(warpSize: 4)).CPU(SimulatedDevice(warpSize: 32)), OptimizationLevel.O1));

    /// <summary>The device kinds of this assembly. <c>ilgpu-cpu</c> runs every GPU thread as a thread of the host, far too slowly for work:
    /// it is there to prove kernels right. Its device 0 has warps of 4 threads, device 1 warps of 32.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["cuda", "opencl", "ilgpu-cpu"];

    /// <summary>Every device of this machine, with a line of facts about each.</summary>
    public static IReadOnlyList<IlgpuDeviceInfo> Find() => Kinds.SelectMany(FindKind).ToArray();

    /// <summary>Why there is no device of a kind, in one clause; null if there is one.</summary>
    public static string? WhyAbsent(string kind) => DevicesOf(kind).Length > 0 ? null : WhyNone(kind);

    /// <summary>Opens one device.</summary>
    /// <exception cref="DeviceException">There is no such device; the message says what was looked for and found.</exception>
    internal static Accelerator Open(string kind, int index)
    {
        var devices = DevicesOf(kind);
        if (index >= devices.Length)
        {
            string found = devices.Length == 0 ? WhyNone(kind) : $"found {devices.Length}: {string.Join(", ", devices.Select((device, i) => $"{kind}:{i} {device.Name}"))}";
            throw new DeviceException($"device {kind}:{index} does not exist: {found}");
        }

        try
        {
            return devices[index].CreateAccelerator(ContextOf(kind));
        }
        catch (Exception e) when (e is AcceleratorException or NotSupportedException)
        {
            throw new DeviceException($"device {kind}:{index} ({devices[index].Name}) cannot be opened: {e.Message}", e);
        }
    }

    private static IEnumerable<IlgpuDeviceInfo> FindKind(string kind) => DevicesOf(kind).Select((device, index) => new IlgpuDeviceInfo(
        new Tensors.Device(kind, index),
        device.Name,
        device.MemorySize,
        device.NumMultiprocessors,
        device.WarpSize,
        device.MaxNumThreadsPerGroup,
        device.MaxSharedMemoryPerGroup,
        device is CudaDevice cuda ? Describe(cuda) : ""));

    private static string Describe(CudaDevice device)
    {
        var (major, minor) = (device.Architecture?.Major ?? 0, device.Architecture?.Minor ?? 0);
        string tensorCores = major >= 8 ? "tensor cores for f16, bf16 and tf32" : major == 7 ? "tensor cores of a generation that the kernels here do not use" : "no tensor cores";
        return $"compute capability {major}.{minor}, {tensorCores}, driver for CUDA {device.DriverVersion.Major}.{device.DriverVersion.Minor}";
    }

    // A context that finds nothing gets ILGPU's default CPU device: asking for cuda must not end up there.
    private static ILGPU.Runtime.Device[] DevicesOf(string kind) =>
        [.. ContextOf(kind).Devices.Where(device => device.AcceleratorType == TypeOf(kind))];

    private static AcceleratorType TypeOf(string kind) => kind switch
    {
        "cuda" => AcceleratorType.Cuda,
        "opencl" => AcceleratorType.OpenCL,
        _ => AcceleratorType.CPU,
    };

    private static Context ContextOf(string kind) => kind switch
    {
        "cuda" => Cuda.Value,
        "opencl" => OpenCl.Value,
        _ => Simulated.Value,
    };

    private static Context Create(Action<Context.Builder> devices, OptimizationLevel level)
    {
        NativeLibraries.Resolve();
        return Context.Create(builder => devices(builder.Optimize(level)));
    }

    private static CPUDevice SimulatedDevice(int warpSize) => new(warpSize, SimulatedGroup / warpSize, 1);

    private static string WhyNone(string kind) => kind switch
    {
        "cuda" => NativeLibrary.TryLoad(NativeLibraries.CudaName, out _)
            ? "the CUDA driver is there but reports no usable GPU (nvidia-smi tells more)"
            : $"no CUDA driver ({NativeLibraries.CudaName}) was found; install NVIDIA's driver, in a container pass the GPU through",
        _ => NativeLibrary.TryLoad(NativeLibraries.OpenClName, out _)
            ? "the OpenCL loader is there but reports no device that ILGPU can use"
            : $"no OpenCL loader ({NativeLibraries.OpenClName}) was found",
    };
}
