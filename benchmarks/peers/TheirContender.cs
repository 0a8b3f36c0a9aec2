using System.Runtime.InteropServices;

namespace ResNeSt.Peers;

/// <summary>ONNX Runtime on the exported file.</summary>
internal sealed class TheirContender : IContender
{
    private readonly OnnxRuntimeLibrary _library;
    private readonly OnnxRuntimeSession _session;

    public TheirContender(PeerRow row, string library, string model, string input, int threads, string? profilePrefix = null)
    {
        _library = new OnnxRuntimeLibrary(library);
        _session = _library.Open(model, threads, profilePrefix);
        Output = new float[row.Batch * PeerRow.Classes];
        float[] pixels = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(input)).ToArray();
        _session.Bind(pixels, [.. row.Shape.Select(extent => (long)extent)], Output, [row.Batch, PeerRow.Classes]);
    }

    public float[] Output { get; }

    public string Version => _library.Version;

    public void Run() => _session.Run();

    public void Dispose()
    {
        _session.Dispose();
        _library.Dispose();
    }
}
