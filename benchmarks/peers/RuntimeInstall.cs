using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ResNeSt.Peers;

/// <summary>Finds ONNX Runtime's library, or fetches it: npm's onnxruntime-node carries it, and needs no compiler.</summary>
internal static class RuntimeInstall
{
    private const string Package = "onnxruntime-node", Version = "1.30.0";

    /// <summary>Path of the library.</summary>
    /// <param name="given">A library, or a folder below which it lies; null to look into RESNEST_ORT, then to install it.</param>
    /// <param name="folder">Where an installation goes.</param>
    public static string Find(string? given, string folder)
    {
        given ??= Environment.GetEnvironmentVariable("RESNEST_ORT");
        if (File.Exists(given))
            return given;
        if (given is not null)
            return Search(given) ?? throw new FileNotFoundException($"no ONNX Runtime library at or below '{given}'");
        if (Search(folder) is { } present)
            return present;
        Directory.CreateDirectory(folder);
        Console.Error.WriteLine($"fetching {Package} {Version} with npm into {folder}");
        using var npm = StartNpm("install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder, $"{Package}@{Version}");
        npm.WaitForExit();
        return Search(folder) ?? throw new FileNotFoundException($"npm brought no library; give one with --ort PATH (any ONNX Runtime from 1.17 on)");
    }

    private static Process StartNpm(params string[] arguments)
    {
        try
        {
            // On Windows it is a script.
            return Process.Start(OperatingSystem.IsWindows() ? new ProcessStartInfo("cmd", ["/c", "npm", .. arguments]) : new ProcessStartInfo("npm", arguments))!;
        }
        catch (Win32Exception error)
        {
            throw new FileNotFoundException("npm is not on the path; give ONNX Runtime's library with --ort PATH", error);
        }
    }

    private static string? Search(string folder)
    {
        if (!Directory.Exists(folder))
            return null;
        string pattern = OperatingSystem.IsWindows() ? "onnxruntime.dll" : OperatingSystem.IsMacOS() ? "libonnxruntime*.dylib" : "libonnxruntime.so*";
        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        string[] found = [.. Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        return found.FirstOrDefault(path => Path.GetDirectoryName(path)!.EndsWith(architecture, StringComparison.OrdinalIgnoreCase)) ?? found.FirstOrDefault();
    }
}
