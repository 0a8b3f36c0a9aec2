using ResNeSt.Tensors;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Memory for the length of one kernel, from the pool of the backend that owns a tensor.</summary>
internal readonly unsafe struct PooledFloats : IDisposable
{
    private readonly NativeMemoryPool _pool;
    private readonly long _byteLength;

    /// <summary>Rents <paramref name="count"/> floats, uninitialised.</summary>
    public PooledFloats(Tensor owner, long count)
    {
        _pool = ((CpuStorage)owner.Storage).Pool;
        _byteLength = count * sizeof(float);
        Pointer = (float*)_pool.Rent(_byteLength);
    }

    /// <summary>The first float.</summary>
    public float* Pointer { get; }

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => _pool.Return(Pointer, _byteLength);
}
