using System.Diagnostics;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu.Tests;

/// <summary>Compiles kernels for a CUDA architecture without a driver, and assembles them where NVIDIA's ptxas is on the path.</summary>
internal sealed partial class PtxCompiler : IDisposable
{
    private readonly Context _context = Context.Create(builder => builder.Optimize(OptimizationLevel.O1));
    private readonly PTXBackend _backend;
    private readonly string _architecture;

    public PtxCompiler(CudaArchitecture architecture)
    {
        _backend = new PTXBackend(_context, new CudaCapabilityContext(architecture), architecture, CudaInstructionSet.ISA_78, null!);
        _architecture = $"sm_{architecture.Major}{architecture.Minor}";
    }

    /// <summary>Full path of ptxas, or null.</summary>
    public static string? Assembler { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "ptxas.exe" : "ptxas"))
        .FirstOrDefault(File.Exists);

    /// <summary>The PTX text that would be loaded on a device.</summary>
    public string Compile(GpuKernel kernel) => ((PTXCompiledKernel)KernelCompiler.Compile(_backend, kernel)).PTXAssembly;

    /// <summary>Assembles PTX and reads what ptxas says of it.</summary>
    public async Task<Resources> Assemble(string ptx)
    {
        string file = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():N}.ptx");
        await File.WriteAllTextAsync(file, ptx);
        try
        {
            var start = new ProcessStartInfo(Assembler!, ["-v", $"-arch={_architecture}", file, "-o", OperatingSystem.IsWindows() ? "NUL" : "/dev/null"])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            };
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync();
            string text = await process.StandardError.ReadToEndAsync() + await output;
            await process.WaitForExitAsync();
            Assert.That(process.ExitCode, Is.Zero, text);
            return new Resources(Number(RegisterCount(), text), Number(SharedBytes(), text), Number(StackBytes(), text), Number(SpillBytes(), text));
        }
        finally
        {
            File.Delete(file);
        }
    }

    public void Dispose()
    {
        _backend.Dispose();
        _context.Dispose();
    }

    private static int Number(Regex pattern, string text) => pattern.Match(text) is { Success: true } match ? int.Parse(match.Groups[1].Value) : 0;

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex RegisterCount();

    [GeneratedRegex(@"(\d+) bytes smem")]
    private static partial Regex SharedBytes();

    [GeneratedRegex(@"(\d+) bytes stack frame")]
    private static partial Regex StackBytes();

    [GeneratedRegex(@"(\d+) bytes spill stores")]
    private static partial Regex SpillBytes();

    /// <summary>What one thread, or for shared memory one group, needs.</summary>
    internal readonly record struct Resources(int Registers, int SharedBytes, int StackBytes, int SpillBytes);
}
