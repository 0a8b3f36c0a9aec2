using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Finds the drivers' libraries where only their versioned names exist, as in containers and on most servers.</summary>
/// <remarks>ILGPU asks for "cuda" and "OpenCL"; the names without a version belong to development packages. Without this it silently finds no GPU.</remarks>
internal static class NativeLibraries
{
    private static readonly Lock Gate = new();
    private static bool _resolved;

    public static string CudaName => OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";

    public static string OpenClName => OperatingSystem.IsWindows() ? "OpenCL.dll" : OperatingSystem.IsMacOS() ? "OpenCL" : "libOpenCL.so.1";

    /// <summary>Must run before the first ILGPU context is made; more calls do nothing.</summary>
    public static void Resolve()
    {
        lock (Gate)
        {
            // Under WSL ILGPU installs a resolver of its own, and there can be only one.
            if (_resolved || !OperatingSystem.IsLinux() || Directory.Exists("/usr/lib/wsl/lib"))
                return;
            _resolved = true;
            try
            {
                NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, Load);
            }
            catch (InvalidOperationException)
            {
                // The program has set a resolver of its own for ILGPU; it knows better.
            }
        }
    }

    private static nint Load(string name, Assembly assembly, DllImportSearchPath? path)
    {
        string? versioned = name.ToLowerInvariant() switch
        {
            "cuda" => CudaName,
            "opencl" => OpenClName,
            _ => null,
        };
        return versioned is not null && NativeLibrary.TryLoad(versioned, assembly, path, out nint library) ? library : 0;
    }
}
