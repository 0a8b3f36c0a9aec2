using System.Text.RegularExpressions;
using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Every kernel compiles for NVIDIA GPUs, proved without one.</summary>
[TestFixture]
public sealed partial class PtxTests
{
    private static IEnumerable<CudaArchitecture> Architectures => [CudaArchitecture.SM_80, CudaArchitecture.SM_90];

    [TestCaseSource(nameof(Architectures))]
    public async Task EveryKernel_AssemblesWithoutStackOrSpill(CudaArchitecture architecture)
    {
        var kernels = await AssembledKernels.For(architecture);
        var failures = kernels.Failures
            .Concat(kernels.Ptx.Where(entry => entry.Value.Contains(".local", StringComparison.Ordinal)).Select(entry => $"{entry.Key}: uses local memory"))
            .Concat(kernels.Resources.Where(entry => entry.Value.StackBytes > 0 || entry.Value.SpillBytes > 0).Select(entry => $"{entry.Key}: {entry.Value}"));
        Assert.That(failures, Is.Empty);
        if (PtxCompiler.Assembler is null)
            Assert.Ignore($"all {kernels.Ptx.Count} kernels compile to PTX; ptxas is not on the path, so none was assembled");
    }

    /// <summary>At least three quarters of what the inner loop of the large convolution tile issues are multiply-adds; the rest is loads, stores and addresses.</summary>
    [Test]
    public async Task ConvolutionTile_InnerLoop_IsMultiplyAdds(
        [Values("conv.forward.tile128", "conv.fused.tile128")] string name, [ValueSource(nameof(Architectures))] CudaArchitecture architecture)
    {
        if (PtxCompiler.Assembler is null || PtxCompiler.Disassembler is null)
            Assert.Ignore("ptxas and cuobjdump are not on the path");
        var kernel = KernelCatalog.All.Single(entry => entry.Kernel.Name == name).Kernel;
        using var compiler = new PtxCompiler(architecture);
        var instructions = await compiler.Disassemble(compiler.Compile(kernel));
        var loop = InnerLoop(instructions, "FFMA");
        int multiplyAdds = loop.Count(text => text.Contains("FFMA", StringComparison.Ordinal));
        TestContext.Out.WriteLine($"{multiplyAdds} of {loop.Count} instructions are FFMA");
        Assert.That(multiplyAdds, Is.EqualTo(64 * GemmKernel.Step));
        Assert.That((double)multiplyAdds / loop.Count, Is.GreaterThanOrEqualTo(0.75));
    }

    /// <summary>The tensor cores' inner loops: all mma of a slice, six ldmatrix for sixteen of them, no local memory, no branch but the loop's own where
    /// factors pass through registers. About a third of what the loop issues are mma where factors come as they are, a fifth where they are gathered.</summary>
    [TestCase("map.conv.f16.tile128", "HMMA.16816.F32", 0.35)]
    [TestCase("map.conv.bf16.tile128", "HMMA.16816.F32.BF16", 0.35)]
    [TestCase("map.conv.tf32.tile128", "HMMA.1688.F32.TF32", 0.35)]
    [TestCase("map.conv.f16.tile64", "HMMA.16816.F32", 0.28)]
    [TestCase("matmul.f16.tile128", "HMMA.16816.F32", 0.33)]
    [TestCase("matmul.tf32.tile128", "HMMA.1688.F32.TF32", 0.33)]
    [TestCase("conv.f16.tile128", "HMMA.16816.F32", 0.17)]
    [TestCase("conv.bf16.tile128", "HMMA.16816.F32.BF16", 0.17)]
    [TestCase("conv.tf32.tile128", "HMMA.1688.F32.TF32", 0.19)]
    [TestCase("conv.fused.tf32.tile128", "HMMA.1688.F32.TF32", 0.19)]
    [TestCase("conv.weight-grad.f16.tile128", "HMMA.16816.F32", 0.17)]
    public async Task TensorTile_InnerLoop_FeedsTensorCores(string name, string instruction, double share)
    {
        if (PtxCompiler.Assembler is null || PtxCompiler.Disassembler is null)
            Assert.Ignore("ptxas and cuobjdump are not on the path");
        var kernel = KernelCatalog.All.Single(entry => entry.Kernel.Name == name).Kernel;
        using var compiler = new PtxCompiler(CudaArchitecture.SM_80);
        var loop = InnerLoop(await compiler.Disassemble(compiler.Compile(kernel)), "HMMA");
        int products = loop.Count(text => text.Contains(instruction, StringComparison.Ordinal));
        TestContext.Out.WriteLine($"{products} of {loop.Count} instructions are {instruction}");
        Assert.That(products, Is.EqualTo(32));
        Assert.That(loop.Count(text => text.Contains("LDSM", StringComparison.Ordinal)), Is.EqualTo(12));
        Assert.That(loop, Has.None.Contain("LDL").And.None.Contain("STL"));
        Assert.That((double)products / loop.Count, Is.GreaterThanOrEqualTo(share));
        if (name.StartsWith("map.", StringComparison.Ordinal))
            Assert.That(loop.Count(text => text.Contains("LDGSTS", StringComparison.Ordinal)), Is.EqualTo(name.EndsWith("128", StringComparison.Ordinal) ? 4 : 8));
        else
            Assert.That(loop.Count(text => text.Contains("BRA", StringComparison.Ordinal)), Is.EqualTo(1));
    }

    [Test]
    public void EveryKernel_HasANameOfItsOwn() =>
        Assert.That(KernelCatalog.All.Select(entry => entry.Kernel.Name), Is.Unique);

    /// <summary>What lies between a backward branch and its target; of several such loops the shortest with the most of an instruction.</summary>
    private static List<string> InnerLoop(IReadOnlyList<(int Address, string Text)> instructions, string most) => instructions
        .Select(instruction => (End: instruction.Address, Target: BranchTarget().Match(instruction.Text)))
        .Where(branch => branch.Target.Success)
        .Select(branch => (branch.End, Start: Convert.ToInt32(branch.Target.Groups[1].Value, 16)))
        .Where(branch => branch.Start < branch.End)
        .Select(branch => instructions.Where(i => i.Address >= branch.Start && i.Address <= branch.End).Select(i => i.Text).ToList())
        .OrderByDescending(loop => loop.Count(text => text.Contains(most, StringComparison.Ordinal)))
        .ThenBy(loop => loop.Count)
        .First();

    [GeneratedRegex(@"\bBRA\b.*0x([0-9a-f]+)")]
    private static partial Regex BranchTarget();
}
