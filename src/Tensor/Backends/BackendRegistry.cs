using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using ResNeSt.Tensors.Reference;

namespace ResNeSt.Tensors.Backends;

/// <summary>Which backends exist. Registration is explicit: a backend is there because a program registered it.</summary>
public static class BackendRegistry
{
    private static readonly Dictionary<string, Func<int, Backend>> Factories = new()
    {
        ["reference"] = _ => new ReferenceBackend(),
        ["meta"] = _ => new MetaBackend(),
        ["deferred"] = _ => new DeferredBackend(),
    };

    private static readonly List<Backend> Backends = [];
    private static readonly Lock Gate = new();

    /// <summary>The device kinds that can be asked for.</summary>
    public static IReadOnlyList<string> Kinds
    {
        get
        {
            lock (Gate)
                return [.. Factories.Keys];
        }
    }

    /// <summary>Makes a family of devices known; the first call for a kind wins, later ones are ignored and return false.</summary>
    /// <param name="kind">The family's name, lower case, for example <c>cuda</c>.</param>
    /// <param name="create">Makes the backend of the device with the given index; throws <see cref="DeviceException"/> if there is none.</param>
    public static bool Register(string kind, Func<int, Backend> create)
    {
        lock (Gate)
            return Factories.TryAdd(kind, create);
    }

    /// <summary>The backend of a device, made at the first call and kept.</summary>
    /// <exception cref="DeviceException">The kind is not registered, or its backend finds no such device.</exception>
    public static Backend Get(Device device)
    {
        lock (Gate)
        {
            foreach (var known in Backends)
            {
                if (known.Device == device)
                    return known;
            }

            if (!Factories.TryGetValue(device.Kind, out var create))
                throw new DeviceException(Unknown(device));
            var backend = create(device.Index);
            Backends.Add(backend);
            return backend;
        }
    }

    /// <summary>Loads an assembly with backends by name, if it is there, and lets it register them.</summary>
    /// <param name="assemblyName">For example <c>ResNeSt.Kernels.Ilgpu</c>; it must carry a <see cref="BackendProviderAttribute"/>.</param>
    /// <returns>False if there is no such assembly.</returns>
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "An optional assembly: a trimmed program that wants it references and registers it itself.")]
    [UnconditionalSuppressMessage("Trimming", "IL2072", Justification = "As above; the provider type is kept by its assembly attribute.")]
    public static bool TryLoad(string assemblyName)
    {
        Assembly assembly;
        try
        {
            assembly = Assembly.Load(assemblyName);
        }
        catch (FileNotFoundException)
        {
            return false;
        }

        if (assembly.GetCustomAttribute<BackendProviderAttribute>() is not { } provider)
            return false;
        ((IBackendProvider)Activator.CreateInstance(provider.Provider)!).Register();
        return true;
    }

    private static string Unknown(Device device)
    {
        string advice = device.Kind is "cuda" or "opencl" or "ilgpu-cpu"
            ? "add the package ResNeSt.Kernels.Ilgpu to the program"
            : device.Kind is "cpu"
                ? "call DefaultBackends.Register() of the package ResNeSt, or CpuBackend.Register() of ResNeSt.Kernels.Cpu, first"
                : $"known kinds are {string.Join(", ", Factories.Keys)}";
        return $"device '{DataFileException.Escape(device.ToString())}' has no registered backend: {advice}";
    }
}
