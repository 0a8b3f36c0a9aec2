using System.Globalization;
using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference.Tests;

/// <summary>A small function traced in double precision on the reference device, so that what an optimisation changes can be compared closely.</summary>
internal sealed class TracedGraph : IDisposable
{
    private readonly GraphWorkspace _workspace;
    private readonly StringWriter _log = new(CultureInfo.InvariantCulture);
    private readonly List<Tensor> _weights = [];

    private TracedGraph() => _workspace = new GraphWorkspace(Device.Reference, _log);

    /// <summary>The graph as traced.</summary>
    public Graph Before { get; private set; } = null!;

    /// <summary>The lines of the optimisations so far.</summary>
    public string Log => _log.ToString();

    /// <summary>Traces a function of one input.</summary>
    public static TracedGraph Of(Shape input, Func<TracedGraph, Tensor, Tensor> compute) => Of([input], (graph, inputs) => [compute(graph, inputs[0])]);

    /// <summary>Traces a function of several inputs and outputs.</summary>
    public static TracedGraph Of(Shape[] inputs, Func<TracedGraph, Tensor[], Tensor[]> compute)
    {
        var traced = new TracedGraph();
        using var nothing = new Identity();
        TensorSpec[] specs = [.. inputs.Select(shape => new TensorSpec(shape, DType.F64))];
        traced.Before = GraphRecorder.Trace(nothing, specs, tensors => compute(traced, tensors), traced._workspace);
        return traced;
    }

    /// <summary>Traces a network.</summary>
    public static TracedGraph Of(Module net, Shape input)
    {
        var traced = new TracedGraph();
        traced.Before = GraphRecorder.Trace(SmallNets.Filled(net, Device.Reference, DType.F64), new TensorSpec(input, DType.F64), traced._workspace);
        return traced;
    }

    /// <summary>A weight for the function that is being traced.</summary>
    public Tensor Weight(Tensor x, params ReadOnlySpan<int> shape)
    {
        var extents = Shape.Create(shape);
        string key = string.Create(CultureInfo.InvariantCulture, $"x{_weights.Count}.weight");
        var tensor = TensorScope.Release(Tensor.FromDoubles(GoldenWeights.Values(key, extents), new TensorSpec(extents, DType.F64), Device.Reference));
        _weights.Add(tensor);
        return x.Backend.Import(tensor)!;
    }

    /// <summary>A convolution with weights of its own.</summary>
    public Tensor Conv(Tensor x, int channels, int kernel = 1, int stride = 1, int padding = -1, int dilation = 1, int groups = 1, bool bias = false) =>
        x.Conv2d(Weight(x, channels, x.Shape[1] / groups, kernel, kernel), bias ? Weight(x, channels) : null,
            ConvGeometry.Of(stride, padding < 0 ? dilation * (kernel / 2) : padding, dilation, groups));

    /// <summary>A batch norm with weights and statistics of its own.</summary>
    public Tensor Norm(Tensor x)
    {
        int channels = x.Shape[1];
        return x.BatchNormInference(Weight(x, channels), Weight(x, channels), Weight(x, channels), Weight(x, channels), 1e-5);
    }

    /// <summary>Runs an optimisation, proves that the graph still computes the same, and gives the names of its operators.</summary>
    public string[] After(params ReadOnlySpan<Func<Graph, GraphWorkspace, Graph>> passes)
    {
        var after = Before;
        foreach (var pass in passes)
            after = pass(after, _workspace);
        AssertSame(after);
        return [.. after.Nodes.Select(node => node.Op.Name)];
    }

    /// <summary>The operators after an optimisation, of which one is of this type.</summary>
    public TOp Single<TOp>(params ReadOnlySpan<Func<Graph, GraphWorkspace, Graph>> passes)
        where TOp : Op
    {
        var after = Before;
        foreach (var pass in passes)
            after = pass(after, _workspace);
        AssertSame(after);
        return after.Nodes.Select(node => node.Op).OfType<TOp>().Single();
    }

    public void Dispose()
    {
        _workspace.Dispose();
        foreach (var weight in _weights)
            weight.Dispose();
    }

    private void AssertSame(Graph after)
    {
        using var scope = new TensorScope();
        Tensor[] inputs = [.. Before.Inputs.Select((input, i) => Tensor.FromDoubles(
            GoldenWeights.Values(i == 0 ? "input" : "x", input.Shape), input.Spec, Device.Reference))];
        var expected = GraphEvaluator.Run(Before, inputs);
        var actual = GraphEvaluator.Run(after, inputs);
        Assert.That(actual.Select(output => output.Spec), Is.EqualTo(expected.Select(output => output.Spec)));
        for (int i = 0; i < actual.Length; i++)
        {
            double[] known = expected[i].ToDoubles();
            double scale = known.Max(Math.Abs);
            Assert.That(scale, Is.GreaterThan(1e-3), "the comparison says something");
            Assert.That(actual[i].ToDoubles(), Is.EqualTo(known).Within(1e-11 * scale), $"output {i}");
        }
    }
}
