namespace ResNeSt.Tensors;

/// <summary>One recorded operator: what backward needs of it, and where its inputs came from.</summary>
/// <remarks>Reference-counted by the output handles and by the nodes that consume them, so that a graph nobody can reach any more
/// frees its saved tensors at once, without waiting for a garbage collection.</remarks>
internal sealed class GradNode
{
    private static long _counter;

    private readonly SavedTensor?[] _inputs;
    private readonly SavedTensor?[] _outputs;
    private readonly Action<BackwardContext> _rule;
    private int _references;

    private GradNode(string name, Action<BackwardContext> rule, TensorSpec[] inputSpecs, TensorSpec[] outputSpecs)
    {
        Name = name;
        _rule = rule;
        InputSpecs = inputSpecs;
        OutputSpecs = outputSpecs;
        Edges = new Edge[inputSpecs.Length];
        _inputs = new SavedTensor?[inputSpecs.Length];
        _outputs = new SavedTensor?[outputSpecs.Length];
        Sequence = Interlocked.Increment(ref _counter);
    }

    /// <summary>The operator's name, for messages.</summary>
    public string Name { get; }

    public TensorSpec[] InputSpecs { get; }

    public TensorSpec[] OutputSpecs { get; }

    public Edge[] Edges { get; }

    /// <summary>Rises with every recorded operator: descending order is an order for backward.</summary>
    public long Sequence { get; }

    public bool Consumed { get; private set; }

    /// <summary>Records an operator.</summary>
    public static void Attach(Op op, ReadOnlySpan<Tensor> inputs, Tensor[] outputs, TensorSpec[] inputSpecs, TensorSpec[] outputSpecs)
    {
        Span<bool> savesInput = stackalloc bool[inputs.Length], savesOutput = stackalloc bool[outputs.Length], flows = stackalloc bool[outputs.Length];
        for (int i = 0; i < inputs.Length; i++)
            savesInput[i] = op.SavesInput(i);
        for (int i = 0; i < outputs.Length; i++)
            (savesOutput[i], flows[i]) = (op.SavesOutput(i), op.IsDifferentiable(i));
        Attach(op.Name, op.Backward, savesInput, savesOutput, flows, inputs, outputs, inputSpecs, outputSpecs);
    }

    /// <summary>Records a computation with a rule of its own.</summary>
    /// <param name="name">Name, for messages.</param>
    /// <param name="rule">Gives the inputs' gradients.</param>
    /// <param name="savesInput">Which inputs the rule looks at.</param>
    /// <param name="savesOutput">Which outputs it looks at.</param>
    /// <param name="flows">Through which outputs gradients flow.</param>
    /// <param name="inputs">The inputs.</param>
    /// <param name="outputs">The outputs.</param>
    /// <param name="inputSpecs">Their specs.</param>
    /// <param name="outputSpecs">Their specs.</param>
    public static void Attach(
        string name, Action<BackwardContext> rule, ReadOnlySpan<bool> savesInput, ReadOnlySpan<bool> savesOutput, ReadOnlySpan<bool> flows,
        ReadOnlySpan<Tensor> inputs, Tensor[] outputs, TensorSpec[] inputSpecs, TensorSpec[] outputSpecs)
    {
        var node = new GradNode(name, rule, inputSpecs, outputSpecs);
        for (int i = 0; i < inputs.Length; i++)
        {
            var input = inputs[i];
            if (savesInput[i])
                node._inputs[i] = node.Save(input);
            if (input.Node is { } producer)
            {
                producer._references++;
                node.Edges[i] = new Edge(producer, input.NodeOutput, null);
            }
            else if (input.RequiresGrad)
                node.Edges[i] = new Edge(null, 0, input);
        }

        for (int i = 0; i < outputs.Length; i++)
        {
            if (savesOutput[i])
                node._outputs[i] = node.Save(outputs[i]);
            if (!flows[i] || !outputs[i].DType.IsFloatingPoint)
                continue;
            node._references++;
            outputs[i].AttachNode(node, i);
        }

        if (node._references == 0)
            node.Free();
    }

    /// <summary>Computes the gradients of the inputs.</summary>
    public void Backward(BackwardContext context) => _rule(context);

    public Tensor Input(int index) => Read(_inputs[index], "input", index);

    public Tensor Output(int index) => Read(_outputs[index], "output", index);

    /// <summary>Frees what was saved; a second backward through this node is an error.</summary>
    public void Consume()
    {
        Consumed = true;
        FreeSaved();
    }

    public void ReleaseReference()
    {
        if (--_references == 0)
            Free();
    }

    private SavedTensor Save(Tensor tensor)
    {
        SavedTensors.Notify(Name, tensor);
        return new SavedTensor(tensor);
    }

    private void Free()
    {
        // An explicit stack: a graph of thousands of operators must not overflow the thread's.
        var unreachable = new Stack<GradNode>();
        unreachable.Push(this);
        while (unreachable.TryPop(out var node))
        {
            node.FreeSaved();
            foreach (ref var edge in node.Edges.AsSpan())
            {
                if (edge.Node is { } producer && --producer._references == 0)
                    unreachable.Push(producer);
                edge = default;
            }
        }
    }

    private void FreeSaved()
    {
        foreach (ref var saved in _inputs.AsSpan())
        {
            saved?.Handle.Dispose();
            saved = null;
        }

        foreach (ref var saved in _outputs.AsSpan())
        {
            saved?.Handle.Dispose();
            saved = null;
        }
    }

    private Tensor Read(SavedTensor? saved, string what, int index)
    {
        if (saved is null)
            throw new InvalidOperationException($"{Name}: {what} {index} was not saved for backward (see Saves{(what == "input" ? "Input" : "Output")})");
        if (saved.Handle.Storage.Version != saved.Version)
            throw new InvalidOperationException($"{Name}: {what} {index} {saved.Handle.Spec} was overwritten after it was recorded, so its gradient cannot be computed");
        return saved.Handle;
    }

    /// <summary>Where a gradient goes: to an output of another node, to a leaf, or (both null) nowhere.</summary>
    public readonly record struct Edge(GradNode? Node, int Output, Tensor? Leaf)
    {
        public bool IsOpen => Node is not null || Leaf is not null;
    }

    private sealed class SavedTensor(Tensor tensor)
    {
        public Tensor Handle { get; } = tensor.Share();

        public int Version { get; } = tensor.Storage.Version;
    }
}
