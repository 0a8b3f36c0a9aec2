using System.Globalization;
using System.Text;
using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>The generated tables about this backend: its section of docs/ops.md, and the kernels in docs/gpu.md.</summary>
/// <remarks>Fails when a page is stale; with RESNEST_UPDATE_DOCS=1 (dev/update-docs.sh) it writes them. Registers are compared where the ptxas of the page is found.</remarks>
public sealed class GpuOpsPageTests
{
    private const string Begin = "<!-- begin kernels -->", End = "<!-- end kernels -->";

    private const string Stale = "docs/gpu.md is stale: run dev/update-docs.sh where ptxas is on the path";

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

        var expected = Rows(table.ToString());
        var actual = Rows(page[from..to]);
        Assert.That(actual.Select(row => row.Kernel), Is.EqualTo(expected.Select(row => row.Kernel)), Stale);
        if (assembled)
            Assert.That(actual.Zip(expected).Where(pair => !IsNear(pair.First.Resources, pair.Second.Resources)).Select(pair => pair.First.Kernel), Is.Empty, Stale);
    }

    // The kernel with its operators and threads; shared bytes and registers of both processors.
    private static List<(string Kernel, int[] Resources)> Rows(string table) =>
        [.. table.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| kernel", StringComparison.Ordinal))
            .Select(line => line.Trim('|').Split('|'))
            .Select(cells => (string.Join('|', cells[..3]), cells[3..].Select(cell => int.Parse(cell, CultureInfo.InvariantCulture)).ToArray()))];

    // ILGPU does not write the same code each time: registers differ by a few.
    private static bool IsNear(int[] one, int[] other) => one[0] == other[0] && one.Skip(1).Zip(other.Skip(1)).All(pair => Math.Abs(pair.First - pair.Second) <= 8);
}
