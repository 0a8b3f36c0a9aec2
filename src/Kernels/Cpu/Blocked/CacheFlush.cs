using System.Runtime.InteropServices;
using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Memory that is read between two measurements, so that weights come from where they come from in a network: all others were read since their last use.</summary>
/// <remarks>Without it the algorithm with the fewest operations wins, and in the network its larger weights cost more than they save.</remarks>
internal sealed unsafe class CacheFlush : IDisposable
{
    // As much as the weights of a network of this library.
    private const int Bytes = 96 << 20;
    private const int Line = NativeMemoryPool.Alignment / sizeof(float);

    private PanelStore? _store;

    /// <summary>Reads it, each thread its part, so that the caches of every processor forget what they hold.</summary>
    public void Run(int threads)
    {
        if (_store is null)
        {
            _store = new PanelStore(DType.F32, Bytes / sizeof(float));
            NativeMemory.Clear(_store.Read(0, 0), Bytes);
        }

        float* memory = _store.Read(0, 0);
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
    public void Dispose() => _store?.Dispose();
}
