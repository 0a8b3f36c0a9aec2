using System.Runtime.InteropServices;

namespace ResNeSt.Peers;

/// <summary>A model in ONNX Runtime, with one input <c>input</c> and one output <c>logits</c> on memory of this process.</summary>
public sealed class OnnxRuntimeSession : IDisposable
{
    private readonly OnnxRuntimeLibrary _library;
    private readonly RunModel _run;
    private readonly nint _session;
    private readonly GCHandle _inputName = GCHandle.Alloc(OnnxRuntimeLibrary.Text("input"), GCHandleType.Pinned);
    private readonly GCHandle _outputName = GCHandle.Alloc(OnnxRuntimeLibrary.Text("logits"), GCHandleType.Pinned);
    private readonly nint[] _inputNames;
    private readonly nint[] _outputNames;
    private readonly nint[] _inputs = new nint[1];
    private readonly nint[] _outputs = new nint[1];
    private readonly List<GCHandle> _pinned = [];

    internal OnnxRuntimeSession(OnnxRuntimeLibrary library, nint session)
    {
        (_library, _session) = (library, session);
        _run = library.Function<RunModel>(OrtFunction.Run);
        _inputNames = [_inputName.AddrOfPinnedObject()];
        _outputNames = [_outputName.AddrOfPinnedObject()];
    }

    /// <summary>Says where the input lies and the output goes.</summary>
    /// <param name="input">All elements of the input; it stays where it is until this object is disposed.</param>
    /// <param name="inputShape">Its shape.</param>
    /// <param name="output">Room for the output.</param>
    /// <param name="outputShape">Its shape.</param>
    public void Bind(float[] input, long[] inputShape, float[] output, long[] outputShape)
    {
        Unbind();
        _library.Check(_library.Function<CreateMemoryInfo>(OrtFunction.CreateCpuMemoryInfo)(1, 0, out nint memory));
        _inputs[0] = Wrap(memory, input, inputShape);
        _outputs[0] = Wrap(memory, output, outputShape);
        _library.Release(OrtFunction.ReleaseMemoryInfo, memory);
    }

    /// <summary>Computes once.</summary>
    public void Run() => _library.Check(_run(_session, 0, _inputNames, _inputs, 1, _outputNames, 1, _outputs));

    /// <inheritdoc/>
    public void Dispose()
    {
        Unbind();
        _library.Release(OrtFunction.ReleaseSession, _session);
        _inputName.Free();
        _outputName.Free();
    }

    private void Unbind()
    {
        foreach (nint value in _inputs.Concat(_outputs).Where(value => value != 0))
            _library.Release(OrtFunction.ReleaseValue, value);
        foreach (var handle in _pinned)
            handle.Free();
        _pinned.Clear();
        (_inputs[0], _outputs[0]) = (0, 0);
    }

    private nint Wrap(nint memory, float[] data, long[] shape)
    {
        const int f32 = 1;
        var handle = GCHandle.Alloc(data, GCHandleType.Pinned);
        _pinned.Add(handle);
        _library.Check(_library.Function<CreateTensor>(OrtFunction.CreateTensorWithDataAsOrtValue)(
            memory, handle.AddrOfPinnedObject(), (nuint)data.Length * sizeof(float), shape, (nuint)shape.Length, f32, out nint value));
        return value;
    }

    private delegate nint CreateMemoryInfo(int allocator, int kind, out nint memory);

    private delegate nint CreateTensor(nint memory, nint data, nuint bytes, long[] shape, nuint rank, int type, out nint value);

    private delegate nint RunModel(nint session, nint options, nint[] inputNames, nint[] inputs, nuint inputCount, nint[] outputNames, nuint outputCount, nint[] outputs);
}
