using System.Text;
using System.Text.RegularExpressions;
using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>What is known of one GPU kernel without a GPU.</summary>
/// <param name="Name">Family, operation and variant, for example <c>conv.forward.tile128</c>.</param>
/// <param name="Operators">The operators that launch it.</param>
/// <param name="GroupSize">Most threads of a group.</param>
/// <param name="PtxBytes">Size of the PTX text.</param>
/// <param name="SharedBytes">Shared memory that the PTX declares.</param>
/// <param name="Resources">What the assembled kernel needs; null where ptxas was not found.</param>
/// <param name="Occupancy">Calculated from the resources; null without them.</param>
public sealed partial record GpuKernelReport(
    string Name, IReadOnlyList<string> Operators, int GroupSize, int PtxBytes, int SharedBytes, KernelResources? Resources, Occupancy? Occupancy)
{
    /// <summary>Whether NVIDIA's assembler is on the path.</summary>
    public static bool CanAssemble => PtxCompiler.Assembler is not null;

    /// <summary>Names of all kernels in order.</summary>
    public static IReadOnlyList<string> Names => [.. KernelCatalog.All.Select(entry => entry.Kernel.Name)];

    /// <summary>Compiles every kernel for an architecture, and assembles it where that is possible.</summary>
    /// <param name="architecture">One of <see cref="Ilgpu.Occupancy.Architectures"/>.</param>
    /// <param name="cancellation">Stops between two kernels.</param>
    /// <exception cref="ArgumentException">The architecture is not known.</exception>
    public static async Task<IReadOnlyList<GpuKernelReport>> CreateAll(string architecture, CancellationToken cancellation = default)
    {
        using var compiler = new PtxCompiler(Parse(architecture));
        var compiled = KernelCatalog.All.Select(entry => (entry.Kernel, entry.Ops, Ptx: Compile(compiler, entry.Kernel, cancellation))).ToArray();
        var reports = new GpuKernelReport[compiled.Length];
        await Parallel.ForAsync(0, compiled.Length, cancellation, async (i, _) =>
        {
            var (kernel, ops, ptx) = compiled[i];
            KernelResources? resources = CanAssemble ? await PtxCompiler.Assemble(ptx, architecture) : null;
            reports[i] = new GpuKernelReport(kernel.Name, ops, kernel.MaxGroupSize, Encoding.UTF8.GetByteCount(ptx), DeclaredShared(ptx), resources,
                resources is { } known ? Ilgpu.Occupancy.Of(architecture, kernel.MaxGroupSize, known) : null);
        });
        return reports;
    }

    /// <summary>The PTX text of one kernel.</summary>
    /// <exception cref="ArgumentException">The architecture or the kernel is not known.</exception>
    public static string Ptx(string name, string architecture)
    {
        var kernel = KernelCatalog.All.FirstOrDefault(entry => entry.Kernel.Name == name).Kernel
            ?? throw new ArgumentException($"there is no kernel '{name}'", nameof(name));
        using var compiler = new PtxCompiler(Parse(architecture));
        return compiler.Compile(kernel);
    }

    private static string Compile(PtxCompiler compiler, GpuKernel kernel, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return compiler.Compile(kernel);
    }

    private static int DeclaredShared(string ptx) => SharedDeclaration().Matches(ptx).Sum(match => int.Parse(match.Groups[1].Value));

    private static CudaArchitecture Parse(string architecture) => architecture switch
    {
        "sm_80" => CudaArchitecture.SM_80,
        "sm_86" => CudaArchitecture.SM_86,
        "sm_89" => CudaArchitecture.SM_89,
        "sm_90" => CudaArchitecture.SM_90,
        _ => throw new ArgumentException($"architecture '{architecture}' is not one of {string.Join(", ", Ilgpu.Occupancy.Architectures)}", nameof(architecture)),
    };

    [GeneratedRegex(@"\.shared \.align \d+ \.b8 \w+\[(\d+)\]")]
    private static partial Regex SharedDeclaration();
}
