using System.Globalization;
using System.Text;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Backends;

namespace ResNeSt.Nn;

/// <summary>What each layer of a network keeps in memory from forward to backward.</summary>
/// <remarks>A storage that several operators keep counts once, for the layer that keeps it first: that of a layer's output is shared with the next one's
/// input. Parameters and buffers are there anyway and do not count, nor does what lives only while a layer computes.</remarks>
/// <example><code>
/// Console.Write(RetainedMemory.Measure(net, () => net.Forward(batch)));
/// </code></example>
public sealed class RetainedMemory
{
    private RetainedMemory(IReadOnlyList<Entry> layers) => Layers = layers;

    /// <summary>Every module whose own operators keep something, parents first.</summary>
    public IReadOnlyList<Entry> Layers { get; }

    /// <summary>Bytes of all layers.</summary>
    public long TotalBytes => Layers.Sum(layer => layer.Bytes);

    /// <summary>Runs a forward pass, with gradients recorded, and watches what is kept.</summary>
    /// <param name="network">The network whose modules are told apart; on device <c>meta</c> nothing is computed or allocated.</param>
    /// <param name="forward">Runs the network; what it returns is dropped.</param>
    public static RetainedMemory Measure(Module network, Func<Tensor> forward)
    {
        var seen = new HashSet<Storage>(ReferenceEqualityComparer.Instance);
        foreach (var (_, state) in network.NamedState())
            seen.Add(state.Value.Storage);
        var kept = new Dictionary<Module, (int Tensors, long Bytes)>(ReferenceEqualityComparer.Instance);
        var open = new Stack<Module>([network]);
        using (ModuleObserver.Observe(Follow))
        using (SavedTensors.Observe(Count))
        using (new TensorScope())
        using (GradMode.On())
            forward();

        var layers = new List<Entry>();
        foreach (var (name, module) in network.NamedModules())
        {
            if (kept.TryGetValue(module, out var sum))
                layers.Add(new Entry(name, module, sum.Tensors, sum.Bytes));
        }

        return new RetainedMemory(layers);

        void Follow(Module module, TensorSpec? output)
        {
            if (output is null)
                open.Push(module);
            else
                open.Pop();
        }

        void Count(string op, Tensor tensor)
        {
            if (!seen.Add(tensor.Storage))
                return;
            var (tensors, bytes) = kept.GetValueOrDefault(open.Peek());
            kept[open.Peek()] = (tensors + 1, bytes + tensor.Storage.ByteLength);
        }
    }

    /// <summary>A table: bytes, tensors, layer; the sum in the last line.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var layer in Layers)
            text.AppendLine(CultureInfo.InvariantCulture, $"{layer.Bytes,14:N0} {layer.Tensors,4}  {layer.Name} ({layer.Module.GetType().Name})");
        return text.AppendLine(CultureInfo.InvariantCulture, $"{TotalBytes,14:N0} {Layers.Sum(layer => layer.Tensors),4}  sum").ToString();
    }

    /// <summary>What the operators of one module keep, those of its children not included.</summary>
    /// <param name="Name">Full name of the module; empty for the network itself.</param>
    /// <param name="Module">The module.</param>
    /// <param name="Tensors">Number of storages.</param>
    /// <param name="Bytes">Their bytes.</param>
    public sealed record Entry(string Name, Module Module, int Tensors, long Bytes);
}
