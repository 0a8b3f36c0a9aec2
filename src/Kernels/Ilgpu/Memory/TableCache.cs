using ILGPU;
using ILGPU.Runtime;

namespace ResNeSt.Kernels.Ilgpu;

/// <summary>Small tables that kernels look things up in, by the geometry they were made for; each is made and uploaded once.</summary>
internal sealed class TableCache(GpuQueue queue) : IDisposable
{
    private readonly Dictionary<(object Key, Type Entry), MemoryBuffer> _tables = [];
    private readonly Lock _gate = new();

    /// <summary>The table of a key, made by <paramref name="make"/> at the first call.</summary>
    /// <typeparam name="TKey">A value that determines the table.</typeparam>
    /// <typeparam name="T">An entry.</typeparam>
    public ArrayView<T> Get<TKey, T>(TKey key, Func<TKey, T[]> make)
        where TKey : notnull
        where T : unmanaged
    {
        lock (_gate)
        {
            if (!_tables.TryGetValue((key, typeof(T)), out var block))
                _tables.Add((key, typeof(T)), block = queue.Upload(make(key)));
            return block.AsArrayView<T>(0, block.Length);
        }
    }

    public void Dispose()
    {
        foreach (var block in _tables.Values)
            block.Dispose();
        _tables.Clear();
    }
}
