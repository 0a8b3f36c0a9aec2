namespace ResNeSt.Tensors;

/// <summary>Owns the tensors made on this thread while it is open and disposes those that were not kept.</summary>
/// <example><code>
/// using var scope = new TensorScope();
/// var logits = scope.Keep(model.Forward(input));   // survives; everything else is freed here
/// </code></example>
/// <remarks>Scopes nest and must be closed in reverse order on the thread that opened them.</remarks>
public sealed class TensorScope : IDisposable
{
    [ThreadStatic]
    private static TensorScope? _current;

    private readonly TensorScope? _outer = _current;
    private readonly List<Tensor> _tensors = [];
    private bool _closed;

    /// <summary>Opens a scope on this thread.</summary>
    public TensorScope() => _current = this;

    /// <summary>The innermost open scope of this thread, or null.</summary>
    public static TensorScope? Current => _current;

    /// <summary>Hands a tensor of this scope to the enclosing scope, or to the caller if there is none.</summary>
    /// <returns>The same tensor.</returns>
    public Tensor Keep(Tensor tensor)
    {
        if (tensor.Scope == this)
        {
            tensor.Scope = null;
            _outer?.Track(tensor);
        }

        return tensor;
    }

    /// <summary>Takes a tensor out of whatever scope it is in; from now on its holder disposes it.</summary>
    /// <returns>The same tensor.</returns>
    public static Tensor Release(Tensor tensor)
    {
        tensor.Scope = null;
        return tensor;
    }

    /// <summary>Disposes the tensors that were not kept.</summary>
    public void Dispose()
    {
        if (_closed)
            return;
        if (_current != this)
            throw new InvalidOperationException("TensorScope: closed on another thread or before an inner scope");
        _closed = true;
        _current = _outer;
        // Newest first: consumers go before what they consumed, so that graphs come apart one node at a time.
        for (int i = _tensors.Count - 1; i >= 0; i--)
        {
            if (_tensors[i].Scope == this)
                _tensors[i].Dispose();
        }
    }

    internal void Track(Tensor tensor)
    {
        tensor.Scope = this;
        _tensors.Add(tensor);
    }
}
