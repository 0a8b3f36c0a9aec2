using ResNeSt.Tensors.Backends;

namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>A packed convolution and the memory that it reads and writes, between guard zones.</summary>
/// <param name="packed">The convolution.</param>
internal sealed unsafe class ConvSetting(PackedConv packed) : IDisposable
{
    private readonly CpuBackend _backend = new();
    private readonly List<Storage> _held = [];

    /// <summary>The convolution.</summary>
    public PackedConv Packed => packed;

    /// <summary>Where it reads and writes.</summary>
    public ConvMemory Memory;

    /// <summary>The result with all that lies around it.</summary>
    public Span<float> Output => new(Memory.Output, (int)(Memory.OutputLayout.ByteLength / sizeof(float)));

    /// <summary>The partial plane sums; empty if there are none.</summary>
    public Span<float> Sums => new(Memory.PoolSums, SumCount);

    /// <summary>Number of partial plane sums.</summary>
    public int SumCount => packed.PoolParts * Memory.OutputLayout.Batch * Memory.OutputLayout.Blocks * BlockedLayout.Block;

    /// <summary>Memory that lasts as long as this.</summary>
    public float* Take(long floats)
    {
        _held.Add(_backend.Allocate(floats * sizeof(float)));
        return (float*)((CpuStorage)_held[^1]).Pointer;
    }

    public void Dispose()
    {
        foreach (var storage in _held)
            storage.ReleaseReference();
        packed.Dispose();
        _backend.Dispose();
    }
}
