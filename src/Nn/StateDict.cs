using System.Collections;
using System.Diagnostics.CodeAnalysis;
using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>Tensors by full name in a fixed order: the state of a module, or weights on their way into one. Owns its tensor handles.</summary>
public sealed class StateDict : IEnumerable<KeyValuePair<string, Tensor>>, IDisposable
{
    private readonly OrderedDictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);

    /// <summary>Number of tensors.</summary>
    public int Count => _tensors.Count;

    /// <summary>The names in order.</summary>
    public IEnumerable<string> Names => _tensors.Keys;

    /// <summary>The tensor of a name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public Tensor this[string name] => _tensors.TryGetValue(name, out var tensor)
        ? tensor
        : throw new KeyNotFoundException($"state dict: no tensor '{name}' among {Count}");

    /// <summary>Adds a tensor and takes its handle over.</summary>
    /// <exception cref="ArgumentException">The name is there already.</exception>
    public void Add(string name, Tensor tensor)
    {
        if (!_tensors.TryAdd(name, tensor))
            throw new ArgumentException($"state dict: there is a tensor '{name}' already", nameof(name));
        TensorScope.Release(tensor);
    }

    /// <summary>Finds a tensor.</summary>
    public bool TryGetValue(string name, [NotNullWhen(true)] out Tensor? tensor) => _tensors.TryGetValue(name, out tensor);

    /// <summary>A copy of every value on the same device: a snapshot that later training steps do not change.</summary>
    public StateDict Clone()
    {
        var copy = new StateDict();
        foreach (var (name, tensor) in _tensors)
        {
            var value = Tensor.Zeros(tensor.Shape, tensor.DType, tensor.Device);
            value.Assign(tensor);
            copy.Add(name, value);
        }

        return copy;
    }

    /// <summary>Drops the handles.</summary>
    public void Dispose()
    {
        foreach (var tensor in _tensors.Values)
            tensor.Dispose();
        _tensors.Clear();
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, Tensor>> GetEnumerator() => _tensors.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
