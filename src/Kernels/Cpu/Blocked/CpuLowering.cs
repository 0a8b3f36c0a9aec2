using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Turns a graph into steps: convolutions and what lies between them on blocked activations, the rest on dense tensors, with a change of
/// layout wherever a value is wanted in the other form.</summary>
/// <remarks>First an algorithm is chosen for each convolution, which says what zeros it needs around its input; then each value gets the union of what
/// its readers need, and the nodes are lowered in order.</remarks>
/// <typeparam name="TLanes">The vector width.</typeparam>
internal sealed class CpuLowering<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    private readonly CpuBackend _backend;
    private readonly Graph _graph;
    private readonly LoweringOptions _options;
    private readonly List<GraphBuffer> _buffers = [];
    private readonly List<GraphStep> _steps = [];
    private readonly Dictionary<GraphValue, ValuePlace> _places = [];
    private readonly Dictionary<GraphNode, (ConvProblem Problem, ConvAlgorithm Algorithm)> _convolutions = [];
    private readonly HashSet<GraphNode> _inPlace = [];
    private readonly Dictionary<GraphNode, ConvProblem> _apart = [];

    private CpuLowering(CpuBackend backend, Graph graph, LoweringOptions options)
    {
        (_backend, _graph, _options) = (backend, graph, options);
    }

    /// <summary>Lowers a graph.</summary>
    /// <exception cref="NotSupportedException">A node has no kernel; the message names it.</exception>
    public static LoweredGraph Run(CpuBackend backend, Graph graph, LoweringOptions options) => new CpuLowering<TLanes>(backend, graph, options).Run();

    /// <summary>Whether an operator has a step although it has no kernel.</summary>
    public static bool HasStep(Op op, ReadOnlySpan<TensorSpec> inputs)
    {
        foreach (var input in inputs)
        {
            if (input.DType != DType.F32)
                return false;
        }

        return op is FusedConv2dOp or SplitAttentionGateOp;
    }

    private LoweredGraph Run()
    {
        try
        {
            foreach (var input in _graph.Inputs)
                _places.Add(input, new ValuePlace { Dense = NewBuffer(input.Spec.ByteLength, input.Spec.ToString()) });
            foreach (var node in _graph.Nodes)
                AddPlaces(node);
            using var table = AlgorithmTable.Open(_options);
            foreach (var node in _graph.Nodes)
            {
                if (node.Op is FusedConv2dOp op && HasStep(op, node.InputSpecs))
                    Choose(node, op, table);
            }

            table.Save();
            ShareResiduals();
            for (int i = 0; i < _graph.Nodes.Count; i++)
                Lower(_graph.Nodes[i], i);
            var outputs = _graph.Outputs.Select(Dense).ToArray();
            return new LoweredGraph(_steps, _buffers, [.. _graph.Inputs.Select(input => _places[input].Dense)], outputs);
        }
        catch
        {
            foreach (var step in _steps)
                step.Dispose();
            throw;
        }
    }

    private void AddPlaces(GraphNode node)
    {
        foreach (var output in node.Outputs)
        {
            var (from, to) = (node.Inputs[0].Shape, output.Shape);
            // A vector stays what it is, whether it has axes of one behind it or not.
            bool same = node.Op is ViewOp && node.Inputs[0].Constant is null && ValuePlace.IsVector(from) && ValuePlace.IsVector(to) && from[0] == to[0] && from[1] == to[1];
            _places.Add(output, same ? _places[node.Inputs[0]] : new ValuePlace());
        }
    }

    private void Choose(GraphNode node, FusedConv2dOp op, AlgorithmTable table)
    {
        var seen = op.ConvolvedSpec(node.InputSpecs).Shape;
        var (weight, output) = (node.Inputs[1].Shape, node.Outputs[0].Shape);
        var problem = new ConvProblem(output[0], seen[1], output[1], seen[2], seen[3], output[2], output[3], weight[2], weight[3],
            op.Geometry, op.Prologue, op.Epilogue, _options.WeightType);
        if (op.Prologue != default && !DirectAlgorithm.KeepsPrologue(problem))
        {
            _apart.Add(node, problem);
            problem = problem with { Prologue = default };
        }

        var algorithm = table.Choose(problem, !_apart.ContainsKey(node) && _graph.Inputs.Contains(node.Inputs[0]), Weight(node, 1), Weight(node, 2));
        _convolutions.Add(node, (problem, algorithm));
        if (!algorithm.ReadsPlanes && !_apart.ContainsKey(node))
            Need(node.Inputs[0], algorithm.InputBorder(problem));
    }

    private void Need(GraphValue value, Border border) => _places[value].Border = Border.Union(_places[value].Border, border);

    /// <summary>A convolution writes over its residual where nobody reads that later; both then need the same zeros around them.</summary>
    private void ShareResiduals()
    {
        for (int i = 0; i < _graph.Nodes.Count; i++)
        {
            var node = _graph.Nodes[i];
            if (_convolutions.ContainsKey(node) && ((FusedConv2dOp)node.Op).ResidualIndex is >= 0 and var index && IsLastUse(node.Inputs[index], i)
                && node.Inputs.Count(input => _places.GetValueOrDefault(input) == _places[node.Inputs[index]]) == 1)
            {
                _inPlace.Add(node);
            }
        }

        for (bool changed = true; changed;)
        {
            changed = false;
            foreach (var node in _inPlace)
            {
                var (from, to) = (_places[node.Inputs[((FusedConv2dOp)node.Op).ResidualIndex]], _places[node.Outputs[0]]);
                var border = Border.Union(from.Border, to.Border);
                changed |= from.Border != border || to.Border != border;
                (from.Border, to.Border) = (border, border);
            }
        }
    }

    // What a node other than a convolution writes may share memory with views; those are left alone.
    private bool IsLastUse(GraphValue value, int position)
    {
        if (value.Shape.Rank != 4 || ValuePlace.IsVector(value.Shape) || value.Constant is not null || _graph.Inputs.Contains(value) || _graph.Outputs.Contains(value)
            || _graph.Producer(value) is { Op: ViewOp })
        {
            return false;
        }

        for (int i = position + 1; i < _graph.Nodes.Count; i++)
        {
            if (_graph.Nodes[i].Inputs.Contains(value))
                return false;
        }

        return true;
    }

    private void Lower(GraphNode node, int position)
    {
        bool maps = HasMaps(node);
        switch (node.Op)
        {
            case ViewOp:
                if (_places[node.Outputs[0]] is { Dense: < 0, Blocked: < 0 } place)
                    place.Dense = Dense(node.Inputs[0]);
                break;
            case FusedConv2dOp op when _convolutions.TryGetValue(node, out var conv):
                LowerConvolution(node, op, conv.Problem, conv.Algorithm);
                break;
            case SplitAttentionGateOp op when HasStep(op, node.InputSpecs):
                LowerGate(node, op);
                break;
            case LinearOp when node.Inputs[0].Spec is { DType: DType.F32, Shape.Rank: 2 } && node.Inputs.Skip(1).All(input => input.Constant is not null):
                LowerLinear(node);
                break;
            case MaxPool2dOp when maps && _graph.Consumers(node.Outputs[1]).Count == 0 && !_graph.Outputs.Contains(node.Outputs[1]):
                _steps.Add(new MaxPoolStep<TLanes>(node, Blocked(node.Inputs[0]), Layout(node.Inputs[0]), NewBlocked(node.Outputs[0]), Layout(node.Outputs[0])));
                break;
            case AvgPool2dOp pool when maps:
                LowerPrologue(node, new ConvPrologue(0, pool));
                break;
            case AttentionWeightedSumOp { Radix: var radix } when HasMaps(node, inputs: 1):
                LowerPrologue(node, new ConvPrologue(radix, null));
                break;
            case RadixSumGlobalAvgPoolOp { Radix: var radix } when maps:
                int sums = NewBuffer((long)Layout(node.Inputs[0]).Batch * Layout(node.Inputs[0]).Blocks * BlockedLayout.Block * sizeof(float), "sums");
                _steps.Add(new PlaneMeanStep<TLanes>(node, radix, Blocked(node.Inputs[0]), Layout(node.Inputs[0]), sums, NewDense(node.Outputs[0])));
                break;
            case { } op when PointwiseStep<TLanes>.Supports(op) && maps && InBlocks(node) && node.Inputs.All(input => input.Shape == node.Outputs[0].Shape):
                var (inputs, to) = (node.Inputs.Select(Blocked).ToArray(), Layout(node.Outputs[0]));
                // Over an input that nobody reads later, if it has the same zeros around it.
                int over = node.Inputs.ToList().FindIndex(input => Layout(input) == to && IsLastUse(input, position));
                int pointwise = over >= 0 ? _places[node.Outputs[0]].Blocked = inputs[over] : NewBlocked(node.Outputs[0]);
                _steps.Add(new PointwiseStep<TLanes>(node, inputs, [.. node.Inputs.Select(Layout)], pointwise, to));
                break;
            case ConcatOp { Axis: 1 } when maps && InBlocks(node) && node.Inputs.All(input => input.Shape[1] % BlockedLayout.Block == 0):
                LowerCopy(node, 0);
                break;
            case SliceOp { Axis: 1, Start: var start, Length: var length } when maps && InBlocks(node) && start % BlockedLayout.Block == 0 && length % BlockedLayout.Block == 0:
                LowerCopy(node, start / BlockedLayout.Block);
                break;
            default:
                foreach (var input in node.Inputs)
                {
                    if (input.Constant is null)
                        Dense(input);
                }

                _steps.Add(new KernelStep(_backend, node, value => value.Constant is not null ? -1 : _places[value].Dense >= 0 ? _places[value].Dense : NewDense(value)));
                break;
        }
    }

    private void LowerConvolution(GraphNode node, FusedConv2dOp op, ConvProblem problem, ConvAlgorithm algorithm)
    {
        var (x, y) = (node.Inputs[0], node.Outputs[0]);
        int input = algorithm.ReadsPlanes ? Dense(x) : Blocked(x);
        int attention = op.AttentionIndex >= 0 ? Blocked(node.Inputs[op.AttentionIndex]) : -1;
        var inputLayout = Layout(x);
        var convolution = node;
        if (_apart.TryGetValue(node, out var whole))
        {
            var seen = new BlockedLayout(problem.Batch, problem.InputChannels, problem.InputHeight, problem.InputWidth, algorithm.InputBorder(problem));
            int prepared = NewBlocked(seen);
            var parts = Apart(node, op);
            _steps.Add(new PrologueStep<TLanes>(parts.Prologue, whole, new ConvBuffers(input, inputLayout, prepared, seen) { Attention = attention }));
            (input, inputLayout, attention) = (prepared, seen, -1);
            convolution = parts.Convolution;
        }

        int residual = op.ResidualIndex >= 0 ? Blocked(node.Inputs[op.ResidualIndex]) : -1;
        var packed = algorithm.Pack(problem, Weight(node, 1), Weight(node, 2));
        int output = _inPlace.Contains(node) ? _places[y].Blocked = residual : NewBlocked(y);
        int sums = -1, means = -1;
        if (op.Epilogue.PoolRadix > 0)
        {
            sums = NewBuffer((long)packed.PoolParts * problem.Batch * Layout(y).Blocks * BlockedLayout.Block * sizeof(float), "sums");
            means = NewDense(node.Outputs[1]);
        }

        var buffers = new ConvBuffers(input, inputLayout, output, Layout(y))
        {
            Attention = attention,
            Residual = residual,
            ResidualLayout = residual >= 0 ? Layout(node.Inputs[op.ResidualIndex]) : default,
            Sums = sums,
            Means = means,
        };
        _steps.Add(new ConvStep(algorithm.Name, convolution, problem, packed, buffers));
    }

    /// <summary>A fused convolution as two nodes, for people and for the count of the work: what prepares its input, and the rest.</summary>
    private static (GraphNode Prologue, GraphNode Convolution) Apart(GraphNode node, FusedConv2dOp op)
    {
        var seen = new GraphValue(op.ConvolvedSpec(node.InputSpecs), node.Inputs[0].Name + ".prepared");
        bool weighs = op.Prologue.AttentionRadix > 0;
        var prologue = new GraphNode(weighs ? new AttentionWeightedSumOp(op.Prologue.AttentionRadix) : op.Prologue.Pool!,
            weighs ? [node.Inputs[0], node.Inputs[op.AttentionIndex]] : [node.Inputs[0]], [seen], node.Module);
        GraphValue[] inputs = [seen, node.Inputs[1], node.Inputs[2], .. op.Epilogue.Residual ? [node.Inputs[op.ResidualIndex]] : Array.Empty<GraphValue>()];
        return (prologue, new GraphNode(op with { Prologue = default }, inputs, node.Outputs, node.Module));
    }

    private void LowerPrologue(GraphNode node, ConvPrologue prologue)
    {
        var shape = node.Outputs[0].Shape;
        var problem = new ConvProblem(shape[0], shape[1], shape[1], shape[2], shape[3], shape[2], shape[3], 1, 1, ConvGeometry.Of(), prologue, default, DType.F32);
        int input = Blocked(node.Inputs[0]), attention = prologue.AttentionRadix > 0 ? Blocked(node.Inputs[1]) : -1;
        var buffers = new ConvBuffers(input, Layout(node.Inputs[0]), NewBlocked(node.Outputs[0]), Layout(node.Outputs[0])) { Attention = attention };
        _steps.Add(new PrologueStep<TLanes>(node, problem, buffers));
    }

    private void LowerGate(GraphNode node, SplitAttentionGateOp op)
    {
        int batch = node.Outputs[0].Shape[0], groups = op.Cardinality;
        int input = Blocked(node.Inputs[0]);
        var (first, hiddenLayout) = SmallLayer(node, 1, batch, node.Inputs[0].Shape[1], groups, op.Activation);
        var (second, _) = SmallLayer(node, 3, batch, hiddenLayout.Channels, groups, ActivationKind.None);
        int hidden = NewBuffer(hiddenLayout.ByteLength, "hidden");
        int output = NewBlocked(node.Outputs[0]);
        _steps.Add(new GateStep(node, first, second, input, hidden, output, (Layout(node.Inputs[0]), hiddenLayout, Layout(node.Outputs[0]))));
    }

    private (PackedConv Packed, BlockedLayout Output) SmallLayer(GraphNode node, int weight, int batch, int inputs, int groups, ActivationKind activation)
    {
        int outputs = node.Inputs[weight].Shape[0];
        var problem = Layer(batch, inputs, outputs, groups, activation);
        return (DirectAlgorithm.Blocked.Pack(problem, Weight(node, weight), Weight(node, weight + 1)), new BlockedLayout(batch, outputs, 1, 1, default));
    }

    private void LowerLinear(GraphNode node)
    {
        var shape = node.Inputs[1].Shape;
        var problem = Layer(node.Inputs[0].Shape[0], shape[1], shape[0], 1, ActivationKind.None);
        using var scope = new TensorScope();
        var bias = node.Inputs.Count == 3 ? Weight(node, 2) : new GraphConstant(Tensor.Full(0, [shape[0]]));
        int input = Blocked(node.Inputs[0]);
        var packed = DirectAlgorithm.Blocked.Pack(problem, Weight(node, 1), bias);
        _steps.Add(new ConvStep(DirectAlgorithm.Blocked.Name, node, problem, packed, new ConvBuffers(input, Layout(node.Inputs[0]), NewBlocked(node.Outputs[0]), Layout(node.Outputs[0]))));
    }

    private void LowerCopy(GraphNode node, int firstBlock)
    {
        var inputs = node.Inputs.Select(Blocked).ToArray();
        _steps.Add(new ChannelCopyStep(node, inputs, [.. node.Inputs.Select(Layout)], firstBlock, NewBlocked(node.Outputs[0]), Layout(node.Outputs[0])));
    }

    private ConvProblem Layer(int batch, int inputs, int outputs, int groups, ActivationKind activation) =>
        new(batch, inputs, outputs, 1, 1, 1, 1, 1, 1, ConvGeometry.Of(groups: groups), default, new ConvEpilogue(activation, false, 0), _options.WeightType);

    private static GraphConstant Weight(GraphNode node, int index) => node.Inputs[index].Constant
        ?? throw new NotSupportedException($"{node.Op.Name}: input {index} {node.Inputs[index].Spec} must be known when the session is compiled");

    private static bool HasMaps(GraphNode node, int inputs = int.MaxValue)
    {
        foreach (var value in node.Inputs.Take(inputs).Concat(node.Outputs.Take(1)))
        {
            if (value.Constant is not null || value.Spec.DType != DType.F32 || (value.Shape.Rank != 4 && !ValuePlace.IsVector(value.Shape)) || value.Shape.ElementCount == 0)
                return false;
        }

        return true;
    }

    // Whether something comes in blocks already: then it stays so.
    private bool InBlocks(GraphNode node) => node.Inputs.Any(input => _places[input] is { Blocked: >= 0, Dense: < 0 });

    private BlockedLayout Layout(GraphValue value) => _places[value].Layout(value.Shape);

    /// <summary>The buffer of a value's dense form, made now if there is none.</summary>
    private int Dense(GraphValue value)
    {
        var place = _places[value];
        if (place.Dense >= 0)
            return place.Dense;
        // Whole blocks of vectors lie as dense values do, and so does the begin of a single one.
        if (place.Border == default && ValuePlace.IsVector(value.Shape) && (value.Shape[0] == 1 || value.Shape[1] % BlockedLayout.Block == 0))
            return place.Dense = place.Blocked;
        int blocked = place.Blocked;
        NewDense(value);
        _steps.Add(new LayoutStep(toBlocked: false, Layout(value), blocked, place.Dense));
        return place.Dense;
    }

    /// <summary>The buffer of a value's form in blocks, made now if there is none.</summary>
    private int Blocked(GraphValue value)
    {
        var place = _places[value];
        if (place.Blocked >= 0)
            return place.Blocked;
        if (place.Border == default && ValuePlace.IsVector(value.Shape) && value.Shape[1] % BlockedLayout.Block == 0)
            return place.Blocked = place.Dense;
        int dense = place.Dense;
        NewBlocked(value);
        _steps.Add(new LayoutStep(toBlocked: true, Layout(value), dense, place.Blocked));
        return place.Blocked;
    }

    private int NewDense(GraphValue value) => _places[value].Dense = NewBuffer(value.Spec.ByteLength, value.Spec.ToString());

    private int NewBlocked(GraphValue value) => _places[value].Blocked = NewBlocked(Layout(value));

    private int NewBlocked(BlockedLayout layout) =>
        NewBuffer(layout.ByteLength, $"F32[{layout.Batch},{layout.Blocks},{layout.Rows},{layout.Columns}]×{BlockedLayout.Block}");

    private int NewBuffer(long byteLength, string layout)
    {
        _buffers.Add(new GraphBuffer(byteLength, layout));
        return _buffers.Count - 1;
    }
}
