using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>Sees modules begin and end on this thread, so that operators can be told to the layers they belong to.</summary>
public static class ModuleObserver
{
    [ThreadStatic]
    private static Action<Module, TensorSpec?>? _observers;

    /// <summary>Calls <paramref name="observer"/> with a module and null when it begins, with its output's spec when it ends.</summary>
    public static IDisposable Observe(Action<Module, TensorSpec?> observer)
    {
        _observers += observer;
        return new Subscription(observer);
    }

    internal static void Begin(Module module) => _observers?.Invoke(module, null);

    internal static void End(Module module, TensorSpec output) => _observers?.Invoke(module, output);

    private sealed class Subscription(Action<Module, TensorSpec?> observer) : IDisposable
    {
        public void Dispose() => _observers -= observer;
    }
}
