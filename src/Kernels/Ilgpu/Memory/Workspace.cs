using ILGPU;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Memory that kernels need between two launches. Given back at once when disposed: whoever gets it next queues behind them.</summary>
internal readonly ref struct Workspace(GpuQueue queue, long floats)
{
    private readonly DeviceMemoryPool _pool = queue.WorkMemory;
    private readonly MemoryBuffer _block = queue.WorkMemory.Rent(floats * sizeof(float));

    /// <summary>The elements.</summary>
    public ArrayView<float> Floats => _block.AsRawArrayView(0, floats * sizeof(float)).Cast<float>();

    public void Dispose() => _pool.Return(_block);
}
