namespace ResNeSt.Tensors;

/// <summary>Tells which tensors recorded operators keep for backward.</summary>
public static class SavedTensors
{
    [ThreadStatic]
    private static Action<string, Tensor>? _observers;

    /// <summary>Calls <paramref name="observer"/> with an operator's name and a tensor whenever an operator recorded on this thread keeps one, until the result is disposed.</summary>
    /// <remarks>Several operators may keep one storage: the output of one is the input of the next.</remarks>
    public static IDisposable Observe(Action<string, Tensor> observer)
    {
        _observers += observer;
        return new Subscription(observer);
    }

    internal static void Notify(string name, Tensor tensor) => _observers?.Invoke(name, tensor);

    private sealed class Subscription(Action<string, Tensor> observer) : IDisposable
    {
        public void Dispose() => _observers -= observer;
    }
}
