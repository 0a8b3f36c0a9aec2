using ResNeSt.Tensors.Backends;

namespace ResNeSt.Tensors.Graphs;

/// <summary>A node computed by the kernel that eager execution uses too, on dense row-major tensors.</summary>
public sealed class KernelStep : GraphStep
{
    private readonly Kernel _kernel;
    private readonly Tensor?[] _constants;
    private readonly int[] _inputs;
    private readonly int[] _outputs;

    /// <param name="backend">Whose kernel.</param>
    /// <param name="node">What to compute.</param>
    /// <param name="place">The buffer of a value; -1 for a constant.</param>
    /// <exception cref="NotSupportedException">There is no kernel.</exception>
    public KernelStep(Backend backend, GraphNode node, Func<GraphValue, int> place)
    {
        Node = node;
        var specs = node.InputSpecs;
        _kernel = backend.FindKernel(node.Op, specs)
            ?? throw new NotSupportedException($"{node.Op.Name}: device {backend.Device} has no kernel for {string.Join(", ", specs)}");
        _inputs = [.. node.Inputs.Select(place)];
        _outputs = [.. node.Outputs.Select(place)];
        using var off = GradMode.Off();
        _constants = [.. node.Inputs.Select(value => value.Constant is { } constant ? OnDevice(constant, value.Spec, backend) : null)];
    }

    /// <inheritdoc/>
    public override GraphNode Node { get; }

    /// <inheritdoc/>
    public override string Name => _kernel.Name;

    /// <inheritdoc/>
    public override IReadOnlyList<int> Reads => [.. _inputs.Where(buffer => buffer >= 0)];

    /// <inheritdoc/>
    public override IReadOnlyList<int> Writes => _outputs;

    /// <inheritdoc/>
    public override long WeightBytes => _constants.Sum(constant => constant?.Spec.ByteLength ?? 0);

    /// <inheritdoc/>
    public override BoundStep Bind(IReadOnlyList<Storage> buffers)
    {
        var inputs = new Tensor[_inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
            inputs[i] = _constants[i] is { } constant ? TensorScope.Release(constant.Detach()) : View(buffers[_inputs[i]], Node.Inputs[i].Spec);
        var outputs = new Tensor[_outputs.Length];
        for (int i = 0; i < outputs.Length; i++)
            outputs[i] = View(buffers[_outputs[i]], Node.Outputs[i].Spec);
        return new Bound(_kernel, Node.Op, inputs, outputs);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var constant in _constants)
            constant?.Dispose();
        base.Dispose();
    }

    private static Tensor OnDevice(GraphConstant constant, TensorSpec spec, Backend backend)
    {
        // A handle of its own: the step disposes it, the module keeps its tensor.
        var tensor = constant.IsScaled ? Tensor.FromDoubles(constant.ToDoubles(), spec, backend.Device)
            : constant.Tensor.Device == backend.Device ? constant.Tensor.Detach()
            : constant.Tensor.To(backend.Device);
        return TensorScope.Release(tensor);
    }

    private static Tensor View(Storage storage, TensorSpec spec)
    {
        storage.AddReference();
        return TensorScope.Release(Tensor.Own(storage, spec));
    }

    private sealed class Bound(Kernel kernel, Op op, Tensor[] inputs, Tensor[] outputs) : BoundStep
    {
        public override void Run(int threads)
        {
            using var limit = EngineSettings.WithThreads(threads);
            kernel.Launch(op, inputs, outputs);
        }

        public override void Dispose()
        {
            foreach (var tensor in inputs)
                tensor.Dispose();
            foreach (var tensor in outputs)
                tensor.Dispose();
            base.Dispose();
        }
    }
}
