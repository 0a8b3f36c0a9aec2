using System.Diagnostics;

namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>Every path of the kernels: the checks run again in child processes with instruction sets switched off, which the runtime decides at its start.</summary>
public sealed class InstructionSetTests
{
    [TestCase("", "DOTNET_EnableAVX512", "avx512")]
    [TestCase("", "DOTNET_EnableAVX2", "avx512 avx2")]
    [TestCase("", "DOTNET_EnableHWIntrinsic", "avx512 avx2 vector128")]
    [TestCase("--exact", "DOTNET_EnableAVX512", "avx512")]
    [TestCase("--exact", "DOTNET_EnableAVX2", "avx512 avx2")]
    [TestCase("--winograd", "DOTNET_EnableAVX512", "avx512")]
    [TestCase("--winograd", "DOTNET_EnableAVX2", "avx512 avx2")]
    [TestCase("--winograd", "DOTNET_EnableHWIntrinsic", "avx512 avx2 vector128")]
    [TestCase("--large", "DOTNET_EnableAVX512", "avx512", Category = "Long")]
    [TestCase("--large", "DOTNET_EnableAVX2", "avx512 avx2", Category = "Long")]
    [TestCase("--direct", "DOTNET_EnableAVX512", "avx512")]
    [TestCase("--direct", "DOTNET_EnableAVX2", "avx512 avx2")]
    [TestCase("--direct", "DOTNET_EnableHWIntrinsic", "avx512 avx2 vector128")]
    [TestCase("--reuse", "DOTNET_EnableAVX512", "avx512")]
    [TestCase("--reuse", "DOTNET_EnableAVX2", "avx512 avx2")]
    public void Kernels_WithInstructionSetsSwitchedOff_MatchReference(string argument, string variable, string off)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(typeof(InstructionSetTests).Assembly.Location);
        if (argument.Length > 0)
            start.ArgumentList.Add(argument);
        start.Environment[variable] = "0";
        using var child = Process.Start(start)!;
        var errors = child.StandardError.ReadToEndAsync();
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();

        TestContext.Out.WriteLine($"{variable}=0: {output.Split('\n')[0]}, {output.TrimEnd().Split('\n')[^1]}");
        Assert.That(child.ExitCode, Is.Zero, output + errors.Result);
        string[] sets = output.Split('\n')[0].Trim().Split(' ');
        Assert.That(sets[0], Is.EqualTo("sets:"));
        Assert.That(sets.Intersect(off.Split(' ')), Is.Empty, $"{variable}=0 left them on");
    }
}
