using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>From a declared kernel to code for one ILGPU back end, with or without a device.</summary>
internal static partial class KernelCompiler
{
    /// <summary>Compiles; for CUDA the result holds PTX text with explicit address spaces.</summary>
    public static CompiledKernel Compile(Backend backend, GpuKernel kernel)
    {
        bool cuda = backend is PTXBackend;
        var entry = EntryPointDescription.FromExplicitlyGroupedKernel(cuda ? kernel.Body : kernel.Twin);
        // On the other devices a group is smaller than a CUDA group would be, and ILGPU insists on the number given here.
        var compiled = backend.Compile(entry, cuda ? new KernelSpecialization(kernel.MaxGroupSize, null) : default);
        if (compiled is PTXCompiledKernel ptx)
            Text(ptx) = KeepInRegisters(NameAddressSpaces(ptx.PTXAssembly));
        return compiled;
    }

    /// <summary>At O1 ILGPU leaves kernel parameters in the generic address space. Where a kernel never makes a generic address of shared or
    /// local memory, every access without a space is one to global memory; saying so gives LDG and STG and lets ptxas keep structs in registers.</summary>
    internal static string NameAddressSpaces(string ptx) =>
        ptx.Contains("cvta.shared", StringComparison.Ordinal) || ptx.Contains("cvta.local", StringComparison.Ordinal) || ptx.Contains(".func", StringComparison.Ordinal)
            ? ptx
            : GenericAccess().Replace(ptx, "$1.global.");

    /// <summary>What inline PTX gives goes through a local variable of its own. Where such a variable is only stored and loaded, it becomes a register:
    /// ptxas does not always see that by itself, and beside cp.async never.</summary>
    internal static string KeepInRegisters(string ptx)
    {
        var sizes = SmallLocal().Matches(ptx).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        var places = LocalAddress().Matches(ptx)
            .Where(match => sizes.ContainsKey(match.Groups[2].Value))
            .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        var accesses = LocalAccess().Matches(ptx).CountBy(match => match.Groups["place"].Value).ToDictionary();
        // The address is made once and stands in nothing but loads and stores.
        foreach (var (register, count) in WideRegister().Matches(ptx).CountBy(match => match.Value))
        {
            if (places.ContainsKey(register) && count != accesses.GetValueOrDefault(register) + 1)
                places.Remove(register);
        }

        var kept = places.Values.ToHashSet();
        ptx = SmallLocal().Replace(ptx, match => kept.Contains(match.Groups[1].Value) ? $"\t.reg .b{int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture) * 8} %{match.Groups[1].Value};" : match.Value);
        ptx = LocalAddress().Replace(ptx, match => places.ContainsKey(match.Groups[1].Value) ? "" : match.Value);
        return LocalAccess().Replace(ptx, match =>
        {
            if (!places.TryGetValue(match.Groups["place"].Value, out string? local))
                return match.Value;
            string move = $"mov.{match.Groups["type"].Value}\t";
            return match.Groups["to"].Success ? $"{move}{match.Groups["to"].Value}, %{local};" : $"{move}%{local}, {match.Groups["from"].Value};";
        });
    }

    [GeneratedRegex(@"^\s*\.local \.align \d+ \.b8 (__local_depot\d+)\[(4|8)\];", RegexOptions.Multiline)]
    private static partial Regex SmallLocal();

    [GeneratedRegex(@"^\s*mov\.b64\s+(%rd\d+), (__local_depot\d+);", RegexOptions.Multiline)]
    private static partial Regex LocalAddress();

    [GeneratedRegex(@"ld\.local\.(?<type>[bfsu]\d+)\s+(?<to>%\w+), \[(?<place>%rd\d+)\];|st\.local\.(?<type>[bfsu]\d+)\s+\[(?<place>%rd\d+)\], (?<from>[^;]+);")]
    private static partial Regex LocalAccess();

    [GeneratedRegex(@"%rd\d+\b")]
    private static partial Regex WideRegister();

    [GeneratedRegex(@"(?<=^\s*(?:@!?%p\d+\s+)?)(ld|st)\.(?=(?:v[24]\.)?[fbsu]\d)", RegexOptions.Multiline)]
    private static partial Regex GenericAccess();

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<PTXAssembly>k__BackingField")]
    private static extern ref string Text(PTXCompiledKernel kernel);
}
