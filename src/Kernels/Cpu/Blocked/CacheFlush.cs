using System.Runtime.InteropServices;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Memory that is read between two measurements, so that weights come from where they come from in a network: all others were read since their last use.</summary>
/// <remarks>Without it the algorithm with the fewest operations wins, and in the network its larger weights cost more than they save.</remarks>
internal sealed unsafe class CacheFlush : IDisposable
{
    // About as much as the weights of a network of this library. A larger cache keeps what is measured, as it keeps the weights of a network from one
    // picture to the next.
    private const int Bytes = 96 << 20;
    private const int Line = NativeMemoryPool.Alignment / sizeof(float);

    private PanelStore? _store;
    private bool _isDisposed;

    /// <summary>Reads it, each thread its part, so that caches forget what they hold: those of each processor, and a common one of up to 96 MB.</summary>
    public void Run(int threads)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_store is null)
        {
            _store = new PanelStore(DType.F32, Bytes / sizeof(float));
            // Pages that were never written may all be the same one.
            NativeMemory.Clear(_store.Prepare(0, Bytes / sizeof(float)), Bytes);
        }

        float* memory = _store.Read(0, Bytes / sizeof(float));
        WorkerPool.Shared.Run(threads, threads, thread =>
        {
            const long Lines = Bytes / NativeMemoryPool.Alignment;
            float sum = 0;
            for (long line = Lines * thread / threads; line < Lines * (thread + 1) / threads; line++)
                sum += memory[line * Line];
            // A sum that nobody could read would not be computed.
            Volatile.Write(ref sum, sum);
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        _store?.Dispose();
    }
}
