using System.Text;
using System.Text.RegularExpressions;
using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>The generated tables about this backend: its section of docs/ops.md, and the kernels in docs/gpu.md.</summary>
/// <remarks>Fails when a page is stale; with RESNEST_UPDATE_DOCS=1 (dev/update-docs.sh) it writes them. Registers are compared where the ptxas of the page is found.</remarks>
public sealed partial class GpuOpsPageTests
{
    private const string Begin = "<!-- begin kernels -->", End = "<!-- end kernels -->";

    private static string Page => Path.Combine(TestData.RepositoryRoot, "docs", "gpu.md");

    [OneTimeSetUp]
    public void Register() => IlgpuBackend.Register();

    [Test]
    public void OpsPage_TableOfTheSimulatedDevice_IsUpToDate() => OpsPage.CheckDevice("ilgpu-cpu", opCase => !opCase.Large);

    [Test]
    public async Task KernelTable_ListsEveryKernelAndItsResources()
    {
        var ampere = await AssembledKernels.For(CudaArchitecture.SM_80);
        var hopper = await AssembledKernels.For(CudaArchitecture.SM_90);
        bool assembled = await PtxCompiler.IsDocumentedVersion();
        var table = new StringBuilder("\n| kernel | operators | threads | shared bytes | registers sm_80 | sm_90 |\n|---|---|---:|---:|---:|---:|\n");
        foreach (var (kernel, ops) in KernelCatalog.All)
        {
            var (a, h) = (ampere.Resources.GetValueOrDefault(kernel), hopper.Resources.GetValueOrDefault(kernel));
            table.Append($"| {kernel} | {string.Join(", ", ops)} | {kernel.MaxGroupSize} | {a.SharedBytes} | {a.Registers} | {h.Registers} |\n");
        }

        string page = (await File.ReadAllTextAsync(Page)).ReplaceLineEndings("\n");
        int from = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, to = page.IndexOf(End, StringComparison.Ordinal);
        Assert.That(from >= Begin.Length && to > from, $"docs/gpu.md has no table between '{Begin}' and '{End}'");
        if (assembled && Environment.GetEnvironmentVariable("RESNEST_UPDATE_DOCS") == "1")
        {
            await File.WriteAllTextAsync(Page, page[..from] + table + page[to..]);
            return;
        }

        string expected = table.ToString(), actual = page[from..to];
        if (!assembled)
            (expected, actual) = (Resources().Replace(expected, "|\n"), Resources().Replace(actual, "|\n"));
        Assert.That(actual, Is.EqualTo(expected), "docs/gpu.md is stale: run dev/update-docs.sh where ptxas is on the path");
    }

    [GeneratedRegex(@"\| \d+ \| \d+ \| \d+ \|\n")]
    private static partial Regex Resources();
}
