using System.Collections.Concurrent;
using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Every kernel compiled, and where ptxas is found assembled, once for each architecture.</summary>
/// <remarks>ILGPU writes the same PTX for sm_80 and sm_90: it is compiled once.</remarks>
internal sealed class AssembledKernels
{
    private static readonly Lazy<(ConcurrentDictionary<GpuKernel, string> Ptx, ConcurrentBag<string> Failures)> Compiled = new(Compile);
    private static readonly Lazy<Task<AssembledKernels>> Ampere = new(() => Create("sm_80"));
    private static readonly Lazy<Task<AssembledKernels>> Hopper = new(() => Create("sm_90"));

    /// <summary>Kernels that do not compile, with the reason.</summary>
    public IReadOnlyCollection<string> Failures => Compiled.Value.Failures;

    /// <summary>PTX by kernel.</summary>
    public IReadOnlyDictionary<GpuKernel, string> Ptx => Compiled.Value.Ptx;

    /// <summary>Resources by kernel; empty without ptxas.</summary>
    public ConcurrentDictionary<GpuKernel, KernelResources> Resources { get; } = [];

    public static Task<AssembledKernels> For(CudaArchitecture architecture) => architecture == CudaArchitecture.SM_80 ? Ampere.Value : Hopper.Value;

    private static (ConcurrentDictionary<GpuKernel, string>, ConcurrentBag<string>) Compile()
    {
        var ptx = new ConcurrentDictionary<GpuKernel, string>();
        var failures = new ConcurrentBag<string>();
        // A compiler for each processor: one of them takes only one kernel at a time.
        Parallel.ForEach(Partitioner.Create(KernelCatalog.All.ToArray(), loadBalance: true), () => new PtxCompiler(CudaArchitecture.SM_80), (entry, _, compiler) =>
        {
            try
            {
                ptx[entry.Kernel] = compiler.Compile(entry.Kernel);
                return compiler;
            }
            catch (Exception e)
            {
                failures.Add($"{entry.Kernel}: {e.Message} {e.InnerException?.Message}");
                // A context that failed once fails again.
                compiler.Dispose();
                return new PtxCompiler(CudaArchitecture.SM_80);
            }
        }, compiler => compiler.Dispose());
        return (ptx, failures);
    }

    private static async Task<AssembledKernels> Create(string architecture)
    {
        var result = new AssembledKernels();
        if (PtxCompiler.Assembler is not null)
            await Parallel.ForEachAsync(result.Ptx, async (entry, _) => result.Resources[entry.Key] = await PtxCompiler.Assemble(entry.Value, architecture));
        return result;
    }
}
