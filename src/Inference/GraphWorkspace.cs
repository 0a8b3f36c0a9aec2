using System.Globalization;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>What tracing and passes share while a graph is made: the device it is for, the constants they compute, names, and the log.</summary>
/// <remarks>It owns the computed constants, so it must outlive the graph's lowering; nothing of it is needed afterwards.</remarks>
/// <param name="device">The device that the graph will run on.</param>
/// <param name="log">Takes a line from each pass; null for none.</param>
public sealed class GraphWorkspace(Device device, TextWriter? log = null) : IDisposable
{
    private readonly List<Tensor> _tensors = [];
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);

    /// <summary>The device that the graph will run on.</summary>
    public Backend Backend { get; } = BackendRegistry.Get(device);

    /// <summary>Frees the computed constants.</summary>
    public void Dispose()
    {
        foreach (var tensor in _tensors)
            tensor.Dispose();
        _tensors.Clear();
    }

    /// <summary>Takes a tensor out of its scope and keeps it as long as this workspace.</summary>
    internal Tensor Own(Tensor tensor)
    {
        _tensors.Add(TensorScope.Release(tensor));
        return tensor;
    }

    /// <summary>A constant of given values, each rounded once.</summary>
    internal GraphValue Constant(string name, ReadOnlySpan<double> values, TensorSpec spec)
    {
        // F64 exists on the reference device only.
        var where = spec.DType == DType.F64 ? Device.Reference : Backend.Device;
        return new GraphValue(spec, UniqueName(name), new GraphConstant(Own(Tensor.FromDoubles(values, spec, where))));
    }

    /// <summary>The name itself at its first use, then the name with a number.</summary>
    internal string UniqueName(string name)
    {
        while (true)
        {
            if (_names.TryAdd(name, 1))
                return name;
            name = string.Create(CultureInfo.InvariantCulture, $"{name}~{++_names[name]}");
        }
    }

    /// <summary>Writes a line to the log.</summary>
    internal void Report(string line) => log?.WriteLine(line);
}
