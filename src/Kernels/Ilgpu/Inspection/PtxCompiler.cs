using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Compiles kernels for a CUDA architecture without a driver, and assembles and disassembles them where NVIDIA's tools are on the path.</summary>
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
    public static string? Assembler { get; } = Find("ptxas");

    /// <summary>Full path of cuobjdump, or null.</summary>
    public static string? Disassembler { get; } = Find("cuobjdump");

    /// <summary>Whether ptxas is of the version whose register counts stand in docs/gpu.md; others count differently.</summary>
    public static async Task<bool> IsDocumentedVersion() =>
        Assembler is not null && (await Run(Assembler, "--version")).Contains("release 11.8", StringComparison.Ordinal);

    /// <summary>The PTX text that would be loaded on a device.</summary>
    public string Compile(GpuKernel kernel) => ((PTXCompiledKernel)KernelCompiler.Compile(_backend, kernel)).PTXAssembly;

    /// <summary>Assembles PTX and reads what ptxas says of it.</summary>
    /// <param name="ptx">The text.</param>
    /// <param name="architecture">For example <c>sm_90</c>; not older than what the text was compiled for.</param>
    public static async Task<KernelResources> Assemble(string ptx, string architecture) => await WithCubin(ptx, architecture, (_, report) => Task.FromResult(new KernelResources(
        Number(RegisterCount(), report), Number(SharedBytes(), report), Number(StackBytes(), report), Number(SpillBytes(), report))));

    /// <summary>The machine instructions of the assembled PTX, with their addresses.</summary>
    public async Task<IReadOnlyList<(int Address, string Text)>> Disassemble(string ptx) => await WithCubin(ptx, _architecture, async (cubin, _) =>
        (IReadOnlyList<(int, string)>)Instruction().Matches(await Run(Disassembler!, "-sass", cubin))
            .Select(match => (Convert.ToInt32(match.Groups[1].Value, 16), match.Groups[2].Value.Trim())).ToArray());

    public void Dispose()
    {
        _backend.Dispose();
        _context.Dispose();
    }

    private static async Task<T> WithCubin<T>(string ptx, string architecture, Func<string, string, Task<T>> read)
    {
        string name = Path.Combine(Path.GetTempPath(), $"resnest-{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(name + ".ptx", ptx);
        try
        {
            string report = await Run(Assembler!, "-v", $"-arch={architecture}", name + ".ptx", "-o", name + ".cubin");
            return await read(name + ".cubin", report);
        }
        finally
        {
            File.Delete(name + ".ptx");
            File.Delete(name + ".cubin");
        }
    }

    private static async Task<string> Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        string text = await process.StandardError.ReadToEndAsync() + await output;
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? text : throw new InvalidOperationException($"{program}: {text}");
    }

    private static string? Find(string tool) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? $"{tool}.exe" : tool))
        .FirstOrDefault(File.Exists);

    private static int Number(Regex pattern, string text) => pattern.Match(text) is { Success: true } match ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"Used (\d+) registers")]
    private static partial Regex RegisterCount();

    [GeneratedRegex(@"(\d+) bytes smem")]
    private static partial Regex SharedBytes();

    [GeneratedRegex(@"(\d+) bytes stack frame")]
    private static partial Regex StackBytes();

    [GeneratedRegex(@"(\d+) bytes spill stores")]
    private static partial Regex SpillBytes();

    [GeneratedRegex(@"/\*([0-9a-f]{4,})\*/\s+([^;]+);")]
    private static partial Regex Instruction();
}
