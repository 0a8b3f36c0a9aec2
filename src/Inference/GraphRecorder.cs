using ResNeSt.Nn;
using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Inference;

/// <summary>Writes down what a network computes, by letting it run on tensors without values.</summary>
/// <remarks>Nothing is computed and no weight is copied: a module's own tensors, on whatever device, become the graph's constants. So the network
/// is defined once, by its modules, and tracing one of hundreds of layers takes milliseconds.</remarks>
public static class GraphRecorder
{
    /// <summary>Traces a module of one input and one output.</summary>
    /// <param name="module">The network, in evaluation mode. Without weights the graph can be looked at, not run.</param>
    /// <param name="input">Shape and element type of the input; weights of another floating-point type are converted.</param>
    /// <param name="workspace">Owns what is computed on the way; dispose it when the graph has been lowered.</param>
    /// <exception cref="InvalidOperationException">The network is in training mode, or what it does depends on values.</exception>
    public static Graph Trace(Module module, TensorSpec input, GraphWorkspace workspace) =>
        Trace(module, [input], inputs => [module.Forward(inputs[0])], workspace);

    /// <summary>Traces a function of several inputs and outputs that uses a module, such as the feature maps of a backbone.</summary>
    /// <param name="module">Gives nodes and constants their names.</param>
    /// <param name="inputs">Shapes and element types of the inputs.</param>
    /// <param name="compute">What is traced.</param>
    /// <param name="workspace">Owns what is computed on the way; dispose it when the graph has been lowered.</param>
    /// <exception cref="InvalidOperationException">The network is in training mode, or what it does depends on values.</exception>
    public static Graph Trace(Module module, IReadOnlyList<TensorSpec> inputs, Func<Tensor[], Tensor[]> compute, GraphWorkspace workspace)
    {
        if (inputs.Count == 0)
            throw new ArgumentException("compile: give the spec of at least one input", nameof(inputs));
        foreach (var input in inputs)
        {
            if (input.ElementCount == 0 || !input.DType.IsFloatingPoint)
                throw new ArgumentException($"compile: an input must be floating-point and have elements, got {input}", nameof(inputs));
        }

        using var off = GradMode.Off();
        using var trace = new GraphTrace(workspace, inputs[0].DType);
        trace.NameConstants(module);
        var paths = new Dictionary<Module, string>(ReferenceEqualityComparer.Instance);
        foreach (var (path, part) in module.NamedModules())
            paths.TryAdd(part, path);
        var outer = new Stack<string>();
        using var observer = ModuleObserver.Observe((part, output) =>
        {
            if (output is null)
                outer.Push(trace.Module);
            trace.Module = output is null ? paths.GetValueOrDefault(part, trace.Module) : outer.Pop();
        });

        var values = new GraphValue[inputs.Count];
        for (int i = 0; i < values.Length; i++)
            values[i] = new GraphValue(inputs[i], workspace.UniqueName(values.Length == 1 ? "input" : $"input{i}"));
        var results = compute([.. values.Select(trace.TensorOf)]);
        if (results.Length == 0)
            throw new ArgumentException("compile: what is computed has no outputs; give at least one tensor", nameof(compute));
        var outputs = new GraphValue[results.Length];
        for (int i = 0; i < outputs.Length; i++)
        {
            if (results[i].Backend is not RecordingBackend)
                throw new InvalidOperationException($"compile: output {i} {results[i].Spec} does not depend on the input");
            outputs[i] = trace.ValueOf(results[i]);
            if (outputs[i].Constant is not null)
                throw new InvalidOperationException($"compile: output {i} {results[i].Spec} does not depend on the input");
        }

        return new Graph(trace.Nodes, values, outputs);
    }
}
