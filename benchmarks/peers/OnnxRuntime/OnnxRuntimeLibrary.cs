using System.Runtime.InteropServices;
using System.Text;

namespace ResNeSt.Peers;

/// <summary>ONNX Runtime's C interface, loaded from a file: a table of functions in an order that its versions keep.</summary>
/// <remarks>Source: onnxruntime_c_api.h, struct OrtApi. Only what a benchmark needs; there is no package behind it.</remarks>
public sealed class OnnxRuntimeLibrary : IDisposable
{
    // Any version from 1.17 on answers to this number.
    private const uint ApiVersion = 17;

    private readonly nint _handle;
    private readonly nint _api;
    private readonly nint _environment;

    /// <summary>Loads the library.</summary>
    /// <param name="file">libonnxruntime.so, onnxruntime.dll or libonnxruntime.dylib.</param>
    public OnnxRuntimeLibrary(string file)
    {
        _handle = NativeLibrary.Load(Path.GetFullPath(file));
        var apiBase = Marshal.GetDelegateForFunctionPointer<GetBase>(NativeLibrary.GetExport(_handle, "OrtGetApiBase"))();
        _api = Marshal.GetDelegateForFunctionPointer<GetApi>(Marshal.ReadIntPtr(apiBase))(ApiVersion);
        Version = Marshal.PtrToStringUTF8(Marshal.GetDelegateForFunctionPointer<GetBase>(Marshal.ReadIntPtr(apiBase, nint.Size))()) ?? "";
        if (_api == 0)
            throw new NotSupportedException($"ONNX Runtime {Version} is too old");
        Check(Function<CreateEnvironment>(OrtFunction.CreateEnv)(3, Text("peers"), out _environment));
    }

    /// <summary>Its version.</summary>
    public string Version { get; }

    /// <summary>Loads a model.</summary>
    /// <param name="file">The .onnx file.</param>
    /// <param name="threads">Threads within an operator; operators run one after another.</param>
    /// <param name="profilePrefix">Start of the name of a file for a profile, or null for none.</param>
    /// <remarks>All optimisations, and the memory arena, are on, which is the default.</remarks>
    public OnnxRuntimeSession Open(string file, int threads, string? profilePrefix = null)
    {
        Check(Function<CreateOne>(OrtFunction.CreateSessionOptions)(out nint options));
        try
        {
            Check(Function<SetNumber>(OrtFunction.SetIntraOpNumThreads)(options, threads));
            Check(Function<SetNumber>(OrtFunction.SetInterOpNumThreads)(options, 1));
            Check(Function<SetNumber>(OrtFunction.SetSessionExecutionMode)(options, 0));
            Check(Function<SetNumber>(OrtFunction.SetSessionGraphOptimizationLevel)(options, 99));
            if (profilePrefix is not null)
                Check(Function<SetText>(OrtFunction.EnableProfiling)(options, PathText(profilePrefix)));
            Check(Function<CreateSession>(OrtFunction.CreateSession)(_environment, PathText(file), options, out nint session));
            return new OnnxRuntimeSession(this, session);
        }
        finally
        {
            Release(OrtFunction.ReleaseSessionOptions, options);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Release(OrtFunction.ReleaseEnv, _environment);
        NativeLibrary.Free(_handle);
    }

    internal T Function<T>(OrtFunction function)
        where T : Delegate => Marshal.GetDelegateForFunctionPointer<T>(Marshal.ReadIntPtr(_api, (int)function * nint.Size));

    internal void Check(nint status)
    {
        if (status == 0)
            return;
        string message = Marshal.PtrToStringUTF8(Function<GetMessage>(OrtFunction.GetErrorMessage)(status)) ?? "unknown failure";
        Release(OrtFunction.ReleaseStatus, status);
        throw new InvalidOperationException($"ONNX Runtime: {message}");
    }

    internal void Release(OrtFunction function, nint handle) => Function<ReleaseOne>(function)(handle);

    internal static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + '\0');

    private static byte[] PathText(string path) => OperatingSystem.IsWindows() ? Encoding.Unicode.GetBytes(path + '\0') : Text(path);

    private delegate nint GetBase();

    private delegate nint GetApi(uint version);

    private delegate nint CreateEnvironment(int logLevel, byte[] name, out nint environment);

    private delegate nint CreateOne(out nint made);

    private delegate nint SetNumber(nint options, int number);

    private delegate nint SetText(nint options, byte[] text);

    private delegate nint CreateSession(nint environment, byte[] path, nint options, out nint session);

    private delegate nint GetMessage(nint status);

    private delegate void ReleaseOne(nint handle);
}
