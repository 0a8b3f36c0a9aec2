using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Splits work into chunks and runs them on <see cref="EngineSettings.Threads"/> threads.</summary>
/// <remarks>The chunks are fixed by the caller from the shape alone, never by the number of threads; who takes a chunk may vary.
/// So results have equal bits for any number of threads, as long as a chunk writes only what is its own, and whatever it takes over from the chunk that ran
/// before it on its thread has exactly the bits that it would make itself.</remarks>
internal static class ParallelRows
{
    /// <summary>Runs <paramref name="body"/> for chunks 0 to <paramref name="chunks"/> - 1.</summary>
    public static void For(int chunks, Action<int> body) => WorkerPool.Shared.Run(chunks, EngineSettings.Threads, body);

    /// <summary>Splits [0, <paramref name="count"/>) into ranges of at most <paramref name="grain"/> and runs <paramref name="body"/>(from, to) on each.</summary>
    public static void ForRanges(int count, int grain, Action<int, int> body)
    {
        int chunks = (int)(((long)count + grain - 1) / grain);
        For(chunks, chunk => body(chunk * grain, (int)Math.Min(count, (chunk + 1L) * grain)));
    }
}
