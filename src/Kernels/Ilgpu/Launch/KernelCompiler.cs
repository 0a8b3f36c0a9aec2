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
        var entry = EntryPointDescription.FromExplicitlyGroupedKernel(kernel.Body);
        // On the other devices a group is smaller than a CUDA group would be, and ILGPU insists on the number given here.
        var compiled = backend.Compile(entry, cuda ? new KernelSpecialization(kernel.MaxGroupSize, null) : default);
        if (compiled is PTXCompiledKernel ptx)
            Text(ptx) = NameAddressSpaces(ptx.PTXAssembly);
        return compiled;
    }

    /// <summary>At O1 ILGPU leaves kernel parameters in the generic address space. Where a kernel never makes a generic address of shared or
    /// local memory, every access without a space is one to global memory; saying so gives LDG and STG and lets ptxas keep structs in registers.</summary>
    internal static string NameAddressSpaces(string ptx) =>
        ptx.Contains("cvta.shared", StringComparison.Ordinal) || ptx.Contains("cvta.local", StringComparison.Ordinal) || ptx.Contains(".func", StringComparison.Ordinal)
            ? ptx
            : GenericAccess().Replace(ptx, "$1.global.");

    [GeneratedRegex(@"(?<=^\s*(?:@!?%p\d+\s+)?)(ld|st)\.(?=(?:v[24]\.)?[fbsu]\d)", RegexOptions.Multiline)]
    private static partial Regex GenericAccess();

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<PTXAssembly>k__BackingField")]
    private static extern ref string Text(PTXCompiledKernel kernel);
}
