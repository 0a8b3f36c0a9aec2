using ResNeSt.Tensors.Backends;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu.Tests;

/// <summary>A graph that a test writes node by node, with values for its input and its weights.</summary>
/// <param name="coarse">Whether weights are multiples of 1/64, which half precision keeps.</param>
internal sealed class HandMadeGraph(bool coarse) : IDisposable
{
    private readonly TensorScope _scope = new();
    private readonly List<GraphNode> _nodes = [];
    private readonly System.Random _random = new(7);
    private GraphValue? _input;
    private double[] _values = [];
    private Graph? _graph;

    public void Dispose() => _scope.Dispose();

    public GraphValue Input(Shape shape)
    {
        _input = new GraphValue(new TensorSpec(shape, DType.F32), "input");
        _values = Values(_input.Spec, 1);
        return _input;
    }

    public GraphValue[] Node(Op op, params GraphValue[] inputs)
    {
        var outputs = op.Infer([.. inputs.Select(input => input.Spec)]).Select((spec, i) => new GraphValue(spec, $"x{_nodes.Count}.{i}")).ToArray();
        _nodes.Add(new GraphNode(op, inputs, outputs));
        return outputs;
    }

    public GraphValue[] Convolution(GraphValue x, int outputs, int kernel, int stride = 1, ConvEpilogue epilogue = default, int groups = 1,
        ConvPrologue prologue = default, GraphValue? attention = null, GraphValue? residual = null)
    {
        int channels = x.Shape[1] / Math.Max(1, prologue.AttentionRadix);
        List<GraphValue> inputs = [x, Weight([outputs, channels / groups, kernel, kernel]), Weight([outputs])];
        if (attention is not null)
            inputs.Add(attention);
        if (residual is not null)
            inputs.Add(residual);
        return Node(new FusedConv2dOp(ConvGeometry.Of(stride, kernel / 2, groups: groups), prologue, epilogue), [.. inputs]);
    }

    public GraphValue Gate(GraphValue summary, int hidden, int outputs, int radix) => Node(new SplitAttentionGateOp(radix, 1, ActivationKind.Relu),
        summary, Weight([hidden, summary.Shape[1], 1, 1]), Weight([hidden]), Weight([outputs, hidden, 1, 1]), Weight([outputs]))[0];

    public GraphValue Linear(GraphValue x, int outputs) => Node(new LinearOp(), x, Weight([outputs, x.Shape[1]]), Weight([outputs]))[0];

    public GraphValue Reshape(GraphValue x, Shape shape) => Node(new ReshapeOp(shape), x)[0];

    public Graph Finish(GraphValue output) => _graph = new Graph(_nodes, [_input!], [output]);

    /// <summary>Runs the steps, each buffer between guard zones and filled with NaN.</summary>
    public double[] Run(LoweredGraph lowered, int threads)
    {
        using var check = EngineSettings.WithCheckBounds(true);
        using var backend = new CpuBackend();
        var buffers = lowered.Buffers.Select(buffer => backend.Allocate(buffer.ByteLength)).ToArray();
        float[] input = [.. _values.Select(value => (float)value)];
        backend.Upload(System.Runtime.InteropServices.MemoryMarshal.AsBytes(input.AsSpan()), buffers[lowered.Inputs[0]]);
        foreach (var step in lowered.Steps)
        {
            using var bound = step.Bind(buffers);
            bound.Run(threads);
        }

        var output = new float[_graph!.Outputs[0].Spec.ElementCount];
        backend.Download(buffers[lowered.Outputs[0]], System.Runtime.InteropServices.MemoryMarshal.AsBytes(output.AsSpan()));
        foreach (var buffer in buffers)
            buffer.ReleaseReference();
        return [.. output.Select(value => (double)value)];
    }

    /// <summary>What the operators' definitions give in double precision.</summary>
    public double[] Reference()
    {
        using var off = GradMode.Off();
        using var scope = new TensorScope();
        var known = new Dictionary<GraphValue, Tensor> { [_input!] = Double(_values, _input!.Spec) };
        foreach (var node in _nodes)
        {
            var inputs = node.Inputs.Select(input => known.TryGetValue(input, out var tensor) ? tensor : Double(input.Constant!.ToDoubles(), input.Spec)).ToArray();
            var outputs = OpDispatcher.Run(node.Op, inputs);
            for (int i = 0; i < outputs.Length; i++)
                known.Add(node.Outputs[i], outputs[i]);
        }

        return known[_graph!.Outputs[0]].ToDoubles();
    }

    private static Tensor Double(double[] values, TensorSpec spec) => Tensor.FromDoubles(values, spec with { DType = DType.F64 }, Device.Reference);

    private GraphValue Weight(Shape shape)
    {
        var spec = new TensorSpec(shape, DType.F32);
        double scale = shape.Rank < 2 ? 1 : 1 / Math.Sqrt(shape.Product(1, shape.Rank));
        return new GraphValue(spec, $"w{_random.Next()}", new GraphConstant(Tensor.FromDoubles(Values(spec, scale), spec)));
    }

    private double[] Values(TensorSpec spec, double scale)
    {
        var values = new double[spec.ElementCount];
        for (int i = 0; i < values.Length; i++)
        {
            double value = scale * (2 * _random.NextDouble() - 1);
            values[i] = coarse ? Math.Round(value * 64) / 64 : (float)value;
        }

        return values;
    }
}
