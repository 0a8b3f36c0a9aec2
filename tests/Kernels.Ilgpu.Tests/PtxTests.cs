using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Every kernel compiles for NVIDIA GPUs, proved without one.</summary>
[TestFixture]
public sealed class PtxTests
{
    private static IEnumerable<CudaArchitecture> Architectures => [CudaArchitecture.SM_80, CudaArchitecture.SM_90];

    [TestCaseSource(nameof(Architectures))]
    public async Task EveryKernel_AssemblesWithoutStackOrSpill(CudaArchitecture architecture)
    {
        var failures = new List<string>();
        var texts = Compile(architecture, failures);
        if (PtxCompiler.Assembler is null)
        {
            Assert.That(failures, Is.Empty);
            Assert.Ignore($"all {texts.Count} kernels compile to PTX; ptxas is not on the path, so none was assembled");
        }

        using var compiler = new PtxCompiler(architecture);
        await Parallel.ForEachAsync(texts, async (entry, _) =>
        {
            var resources = await compiler.Assemble(entry.Ptx);
            lock (failures)
            {
                if (resources.StackBytes > 0 || resources.SpillBytes > 0)
                    failures.Add($"{entry.Kernel}: {resources}");
            }
        });
        Assert.That(failures, Is.Empty);
    }

    [Test]
    public void EveryKernel_HasANameOfItsOwn() =>
        Assert.That(KernelCatalog.All.Select(entry => entry.Kernel.Name), Is.Unique);

    private static List<(GpuKernel Kernel, string Ptx)> Compile(CudaArchitecture architecture, List<string> failures)
    {
        var texts = new List<(GpuKernel, string)>();
        var compiler = new PtxCompiler(architecture);
        foreach (var (kernel, _) in KernelCatalog.All)
        {
            try
            {
                string ptx = compiler.Compile(kernel);
                texts.Add((kernel, ptx));
                if (ptx.Contains(".local", StringComparison.Ordinal))
                    failures.Add($"{kernel}: uses local memory");
            }
            catch (Exception e)
            {
                failures.Add($"{kernel}: {e.Message} {e.InnerException?.Message}");
                // A context that failed once fails again.
                compiler.Dispose();
                compiler = new PtxCompiler(architecture);
            }
        }

        compiler.Dispose();
        return texts;
    }
}
