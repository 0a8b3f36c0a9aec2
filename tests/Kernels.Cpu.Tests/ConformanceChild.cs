using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>What this assembly does when it is started as a program: the conformance checks without a test framework, under whatever
/// instruction sets the environment leaves switched on. The first line names those; each failure is a line of its own.</summary>
internal static class ConformanceChild
{
    private static int Main(string[] arguments)
    {
        CpuBackend.Register();
        Console.WriteLine($"sets:{(Avx512F.IsSupported ? " avx512" : "")}{(Avx2.IsSupported ? " avx2" : "")}{(Vector128.IsHardwareAccelerated ? " vector128" : "")}");
        if (arguments.Contains("--exact"))
            return Report([.. ExactProducts.Check(), .. ExactConvolutions.Check()]);
        if (arguments.Contains("--direct"))
            return Report([.. ConvAlgorithmCases.Failures(DirectAlgorithm.Blocked, ConvAlgorithmCases.Edges()), .. ConvAlgorithmCases.Failures(DirectAlgorithm.Planes, ConvAlgorithmCases.Edges())]);
        if (arguments.Contains("--winograd"))
            return Report(WinogradCases.Check());
        if (arguments.Contains("--reuse"))
            return Report(ChunkReuseCases.Failures());
        bool large = arguments.Contains("--large");
        var cases = CaseCatalog.All.Where(opCase => large || !opCase.Large).ToArray();
        var checks = new BackendChecks(Device.Cpu);
        var failures = checks.Forward(cases, DType.F32).Concat(checks.Gradients(cases)).Concat(checks.Forward(cases.Where(opCase => !opCase.Large), DType.F16)).ToArray();
        Console.WriteLine($"{cases.Length} cases");
        return Report(failures);
    }

    private static int Report(string[] failures)
    {
        foreach (string failure in failures)
            Console.WriteLine(failure.ReplaceLineEndings(" "));
        Console.WriteLine($"{failures.Length} failures");
        return failures.Length == 0 ? 0 : 1;
    }
}
