namespace ResNeSt.Tensors;

/// <summary>Sees every operator that this thread launches, with the specs of its inputs and outputs: for counting and summaries.</summary>
public static class OpObserver
{
    [ThreadStatic]
    private static Action<Op, TensorSpec[], TensorSpec[]>? _observers;

    /// <summary>Calls <paramref name="observer"/> for every launched operator until the result is disposed.
    /// A composite that runs by its definition is seen as the operators it consists of.</summary>
    public static IDisposable Observe(Action<Op, TensorSpec[], TensorSpec[]> observer)
    {
        _observers += observer;
        return new Subscription(observer);
    }

    internal static void Notify(Op op, TensorSpec[] inputs, TensorSpec[] outputs) => _observers?.Invoke(op, inputs, outputs);

    private sealed class Subscription(Action<Op, TensorSpec[], TensorSpec[]> observer) : IDisposable
    {
        public void Dispose() => _observers -= observer;
    }
}
