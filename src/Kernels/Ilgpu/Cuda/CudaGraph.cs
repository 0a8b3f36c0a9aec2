using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Launches recorded on a stream that run again as one: a CUDA graph, through the driver, since ILGPU has no call for it.</summary>
internal sealed unsafe class CudaGraph : IReplay
{
    /// <summary>CU_STREAM_CAPTURE_MODE_RELAXED: other threads, and allocations on this one, are not disturbed.</summary>
    private const int Relaxed = 2;

    private static readonly Lazy<Driver> Calls = new(() => new Driver(NativeLibrary.Load(NativeLibraries.CudaName)));

    private readonly nint _executable;

    private CudaGraph(nint executable) => _executable = executable;

    /// <summary>Records what <paramref name="work"/> puts on a stream; nothing of it runs meanwhile.</summary>
    /// <exception cref="DeviceException">The driver refuses; the message gives its number.</exception>
    public static CudaGraph Record(CudaStream stream, Action work)
    {
        var calls = Calls.Value;
        Check(calls.BeginCapture(stream.StreamPtr, Relaxed), "begin a capture");
        nint graph = 0;
        try
        {
            work();
        }
        finally
        {
            // Also after an exception: a stream left in capture mode would take nothing else.
            int ended = calls.EndCapture(stream.StreamPtr, &graph);
            if (ended != 0)
                graph = 0;
        }

        if (graph == 0)
            throw new DeviceException("CUDA graph: the recording was broken off by a call that cannot be recorded");
        try
        {
            nint executable = 0;
            Check(calls.Instantiate(&executable, graph, 0), "instantiate");
            return new CudaGraph(executable);
        }
        finally
        {
            calls.DestroyGraph(graph);
        }
    }

    /// <inheritdoc/>
    public void Launch(ILGPU.Runtime.AcceleratorStream stream) => Check(Calls.Value.Launch(_executable, ((CudaStream)stream).StreamPtr), "launch");

    public void Dispose() => Calls.Value.DestroyExecutable(_executable);

    private static void Check(int error, string what)
    {
        if (error != 0)
            throw new DeviceException($"CUDA graph: the driver cannot {what}: error {error}");
    }

    /// <summary>The driver's functions. Graphs can be instantiated with flags from driver 11.4 on, the oldest that ILGPU takes.</summary>
    private readonly struct Driver(nint library)
    {
        public readonly delegate* unmanaged<nint, int, int> BeginCapture = (delegate* unmanaged<nint, int, int>)NativeLibrary.GetExport(library, "cuStreamBeginCapture_v2");
        public readonly delegate* unmanaged<nint, nint*, int> EndCapture = (delegate* unmanaged<nint, nint*, int>)NativeLibrary.GetExport(library, "cuStreamEndCapture");
        public readonly delegate* unmanaged<nint*, nint, ulong, int> Instantiate = (delegate* unmanaged<nint*, nint, ulong, int>)NativeLibrary.GetExport(library, "cuGraphInstantiateWithFlags");
        public readonly delegate* unmanaged<nint, nint, int> Launch = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(library, "cuGraphLaunch");
        public readonly delegate* unmanaged<nint, int> DestroyExecutable = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cuGraphExecDestroy");
        public readonly delegate* unmanaged<nint, int> DestroyGraph = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cuGraphDestroy");
    }
}

/// <summary>Recorded work that can be launched as one.</summary>
internal interface IReplay : IDisposable
{
    /// <summary>Queues the work.</summary>
    void Launch(ILGPU.Runtime.AcceleratorStream stream);
}
