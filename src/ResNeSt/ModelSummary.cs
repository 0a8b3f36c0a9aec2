using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>What a network consists of and costs, layer by layer, found by running it on device <c>meta</c>: no values, no time.</summary>
public sealed class ModelSummary
{
    private ModelSummary(TensorSpec input, IReadOnlyList<LayerSummary> layers)
    {
        Input = input;
        Layers = layers;
    }

    /// <summary>The input it was run on.</summary>
    public TensorSpec Input { get; }

    /// <summary>Modules that have parameters or did work of their own, in the order in which they began.</summary>
    public IReadOnlyList<LayerSummary> Layers { get; }

    /// <summary>Trainable values.</summary>
    public long Parameters => Layers.Sum(layer => layer.Parameters);

    /// <summary>Multiply-accumulates of convolutions and matrix products: what papers call FLOPs.</summary>
    public long Macs => Layers.Sum(layer => layer.Macs);

    /// <summary>Bytes that the operators write, each result once.</summary>
    public long BytesWritten => Layers.Sum(layer => layer.BytesWritten);

    /// <summary>The summary of a network of the zoo.</summary>
    /// <param name="entry">The network.</param>
    /// <param name="size">Side of the square input in pixels.</param>
    /// <param name="batch">Pictures at once.</param>
    public static ModelSummary Create(ModelEntry entry, int size, int batch = 1)
    {
        using var model = entry.Create();
        int channels = model is ResNet net ? net.Options.InputChannels : 3;
        return Create(model, [batch, channels, size, size]);
    }

    /// <summary>The summary of any module; it is moved to device <c>meta</c> and loses its values.</summary>
    public static ModelSummary Create(Module model, Shape input)
    {
        using var scope = new TensorScope();
        using var off = GradMode.Off();
        model.MaterializeEmpty(Device.Meta);
        model.Eval();
        var names = model.NamedModules().ToDictionary(entry => entry.Module, entry => entry.Name);
        var layers = new List<Counter>();
        var open = new Stack<Counter>();
        using (ModuleObserver.Observe((module, output) =>
        {
            if (output is { } spec)
            {
                var counter = open.Pop();
                counter.Output = spec;
            }
            else
            {
                // Pools and activations have no state and so no key; they go by their kind under the module that uses them.
                if (!names.TryGetValue(module, out string? name))
                    name = $"{open.Peek().Name}.{module.GetType().Name.ToLowerInvariant()}".TrimStart('.');
                var counter = new Counter(name, module);
                layers.Add(counter);
                open.Push(counter);
            }
        }))
        using (OpObserver.Observe((op, inputs, outputs) => open.Peek().Count(op, inputs)))
            model.Forward(Tensor.Empty(input, DType.F32, Device.Meta));

        // A module that runs twice owns its parameters once.
        var seen = new HashSet<Module>();
        var rows = layers.Select(counter => counter.ToRow(firstTime: seen.Add(counter.Module)))
            .Where(row => row.Parameters > 0 || row.BytesWritten > 0);
        return new ModelSummary(new TensorSpec(input, DType.F32), rows.ToList());
    }

    private sealed class Counter(string name, Module module)
    {
        private long _macs;
        private long _bytes;

        public string Name => name;

        public Module Module => module;

        public TensorSpec Output { get; set; }

        public void Count(Op op, ReadOnlySpan<TensorSpec> inputs)
        {
            var cost = op.Cost(inputs);
            if (op is Conv2dOp or DeformConv2dOp or MatMulOp or LinearOp)
                _macs += MultiplyAccumulates(op, inputs);
            _bytes += cost.BytesWritten;
        }

        public LayerSummary ToRow(bool firstTime)
        {
            long own = module.NamedParameters().Where(entry => !entry.Name.Contains('.')).Sum(entry => (long)entry.Parameter.Shape.ElementCount);
            return new LayerSummary(name.Length == 0 ? "(network)" : name, module.GetType().Name, Output, firstTime ? own : 0, _macs, _bytes);
        }

        /// <summary>Without the bias: the convention of the papers.</summary>
        private static long MultiplyAccumulates(Op op, ReadOnlySpan<TensorSpec> inputs)
        {
            var output = op.Infer(inputs)[0].Shape;
            long terms = op switch
            {
                Conv2dOp => inputs[1].Shape.Product(1, 4),
                DeformConv2dOp deformed => inputs[deformed.Masked ? 3 : 2].Shape.Product(1, 4),
                MatMulOp { TransposeLeft: true } => inputs[0].Shape[^2],
                _ => inputs[0].Shape[^1],
            };
            return output.ElementCount * terms;
        }
    }
}

/// <summary>One layer of a <see cref="ModelSummary"/>.</summary>
/// <param name="Name">Full name in the network.</param>
/// <param name="Kind">Type of the module.</param>
/// <param name="Output">Shape and type of its output.</param>
/// <param name="Parameters">Trainable values of its own, without its children's.</param>
/// <param name="Macs">Multiply-accumulates of its own operators.</param>
/// <param name="BytesWritten">Bytes its own operators write.</param>
public sealed record LayerSummary(string Name, string Kind, TensorSpec Output, long Parameters, long Macs, long BytesWritten);
