using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Every kernel compiled, and where ptxas is found assembled, once for each architecture.</summary>
internal sealed class AssembledKernels
{
    private static readonly Lazy<Task<AssembledKernels>> Ampere = new(() => Create(CudaArchitecture.SM_80));
    private static readonly Lazy<Task<AssembledKernels>> Hopper = new(() => Create(CudaArchitecture.SM_90));

    /// <summary>Kernels that do not compile, with the reason.</summary>
    public List<string> Failures { get; } = [];

    /// <summary>PTX by kernel.</summary>
    public Dictionary<GpuKernel, string> Ptx { get; } = [];

    /// <summary>Resources by kernel; empty without ptxas.</summary>
    public Dictionary<GpuKernel, KernelResources> Resources { get; } = [];

    public static Task<AssembledKernels> For(CudaArchitecture architecture) => architecture == CudaArchitecture.SM_80 ? Ampere.Value : Hopper.Value;

    private static async Task<AssembledKernels> Create(CudaArchitecture architecture)
    {
        var result = new AssembledKernels();
        var compiler = new PtxCompiler(architecture);
        foreach (var (kernel, _) in KernelCatalog.All)
        {
            try
            {
                result.Ptx.Add(kernel, compiler.Compile(kernel));
            }
            catch (Exception e)
            {
                result.Failures.Add($"{kernel}: {e.Message} {e.InnerException?.Message}");
                // A context that failed once fails again.
                compiler.Dispose();
                compiler = new PtxCompiler(architecture);
            }
        }

        if (PtxCompiler.Assembler is not null)
        {
            await Parallel.ForEachAsync(result.Ptx, async (entry, _) =>
            {
                var resources = await compiler.Assemble(entry.Value);
                lock (result.Resources)
                    result.Resources.Add(entry.Key, resources);
            });
        }

        compiler.Dispose();
        return result;
    }
}
