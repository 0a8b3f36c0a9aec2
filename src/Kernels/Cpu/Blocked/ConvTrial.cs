using System.Diagnostics;
using System.Runtime.InteropServices;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>An algorithm with memory of its own, to measure it.</summary>
internal sealed unsafe class ConvTrial : IDisposable
{
    // Longer than a sleeping thread takes to come.
    private static readonly long PatienceTicks = Stopwatch.Frequency / 1000;

    private readonly PackedConv _packed;
    private readonly List<(nint Memory, long Bytes)> _blocks = [];
    private readonly Action<int, int> _body;

    public ConvTrial(ConvAlgorithm algorithm, ConvProblem problem, GraphConstant weight, GraphConstant bias)
    {
        _packed = algorithm.Pack(problem, weight, bias);
        try
        {
            var memory = Allocate(algorithm, problem);
            _body = (chunk, before) => _packed.RunChunk(chunk, before, memory);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Computes once.</summary>
    public void Run(int threads) => WorkerPool.Shared.Run(_packed.Chunks, threads, _body);

    /// <summary>Reads what it reads and writes, but for the weights, each thread its part: the layer before has just written it.</summary>
    /// <remarks>When it returns, the threads are awake, as they are between two layers of a network.</remarks>
    public void TouchActivations(int threads)
    {
        int touched = 0;
        long until = Stopwatch.GetTimestamp() + PatienceTicks;
        WorkerPool.Shared.Run(threads, threads, thread =>
        {
            Touch(thread, threads);
            Interlocked.Increment(ref touched);
            // Who is done does not take the part of one that is still waking up, unless none comes because others keep the pool busy.
            while (Volatile.Read(ref touched) < threads && Stopwatch.GetTimestamp() < until)
                Thread.SpinWait(8);
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _packed.Dispose();
        foreach (var (memory, _) in _blocks)
            NativeMemory.AlignedFree((void*)memory);
        _blocks.Clear();
    }

    private ConvMemory Allocate(ConvAlgorithm algorithm, ConvProblem problem)
    {
        int radix = Math.Max(1, problem.Prologue.AttentionRadix);
        var (height, width) = (problem.InputHeight, problem.InputWidth);
        if (problem.Prologue.Pool is { Geometry: var pool })
            (height, width) = (height * pool.StrideH, width * pool.StrideW);
        var memory = new ConvMemory
        {
            InputLayout = new BlockedLayout(problem.Batch, radix * problem.InputChannels, height, width, algorithm.InputBorder(problem)),
            OutputLayout = new BlockedLayout(problem.Batch, problem.OutputChannels, problem.OutputHeight, problem.OutputWidth, new Border(1, 1, 1, 1)),
        };
        memory.Input = Take(memory.InputLayout.ByteLength);
        memory.Output = Take(memory.OutputLayout.ByteLength);
        if (problem.Prologue.AttentionRadix > 0)
            memory.Attention = Take((long)problem.Batch * memory.InputLayout.Blocks * BlockedLayout.Block * sizeof(float));
        if (problem.Epilogue.Residual)
        {
            // In place, as in a session.
            memory.Residual = memory.Output;
            memory.ResidualLayout = memory.OutputLayout;
        }

        if (_packed.PoolParts > 0)
            memory.PoolSums = Take((long)_packed.PoolParts * problem.Batch * memory.OutputLayout.Blocks * BlockedLayout.Block * sizeof(float));
        return memory;
    }

    private void Touch(int part, int parts)
    {
        float sum = 0;
        foreach (var (memory, bytes) in _blocks)
        {
            long lines = (bytes + NativeMemoryPool.Alignment - 1) / NativeMemoryPool.Alignment;
            for (long line = lines * part / parts; line < lines * (part + 1) / parts; line++)
                sum += *(float*)(memory + (nint)(line * NativeMemoryPool.Alignment));
        }

        // A sum that nobody could read would not be computed.
        Volatile.Write(ref sum, sum);
    }

    // Zeros: no time depends on values, but for subnormal ones, which there are none of.
    private float* Take(long bytes)
    {
        void* block = NativeMemory.AlignedAlloc((nuint)bytes, NativeMemoryPool.Alignment);
        NativeMemory.Clear(block, (nuint)bytes);
        _blocks.Add(((nint)block, bytes));
        return (float*)block;
    }
}
