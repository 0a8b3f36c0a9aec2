using ResNeSt.Tensors.Backends;

namespace ResNeSt.Tensors.Graphs;

/// <summary>The lowering that every backend has: each node is a launch of its kernel on dense row-major tensors.</summary>
public static class DenseLowering
{
    /// <summary>Lowers a graph whose nodes all have a kernel or are views.</summary>
    /// <exception cref="NotSupportedException">A node has no kernel; the message names it.</exception>
    public static LoweredGraph Lower(Backend backend, Graph graph)
    {
        var buffers = new List<GraphBuffer>();
        var places = new Dictionary<GraphValue, int>();
        int Place(GraphValue value)
        {
            if (!places.TryGetValue(value, out int place))
            {
                places.Add(value, place = buffers.Count);
                buffers.Add(new GraphBuffer(value.Spec.ByteLength, value.Spec.ToString()));
            }

            return place;
        }

        var inputs = graph.Inputs.Select(Place).ToArray();
        var steps = new List<GraphStep>();
        foreach (var node in graph.Nodes)
        {
            if (node.Op is ViewOp)
                places[node.Outputs[0]] = Place(node.Inputs[0]);
            else
                steps.Add(new KernelStep(backend, node, value => value.Constant is null ? Place(value) : -1));
        }

        return new LoweredGraph(steps, buffers, inputs, [.. graph.Outputs.Select(Place)]);
    }
}
