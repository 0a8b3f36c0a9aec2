namespace ResNeSt.Tensors.Graphs;

/// <summary>A graph as a backend will run it: steps in order on buffers whose sizes and layouts the backend chose.</summary>
/// <remarks>Where buffers lie is planned by the caller from what steps read and write; a step that works in place names one buffer as read and written.</remarks>
/// <param name="steps">What runs, in order.</param>
/// <param name="buffers">The memory that steps need between them.</param>
/// <param name="inputs">For each input of the graph the buffer that the caller fills, dense and row-major.</param>
/// <param name="outputs">For each output of the graph the buffer that the caller reads, dense and row-major.</param>
public sealed class LoweredGraph(IReadOnlyList<GraphStep> steps, IReadOnlyList<GraphBuffer> buffers, IReadOnlyList<int> inputs, IReadOnlyList<int> outputs)
    : IDisposable
{
    /// <summary>What runs, in order.</summary>
    public IReadOnlyList<GraphStep> Steps { get; } = steps;

    /// <summary>The memory that steps need between them, by index.</summary>
    public IReadOnlyList<GraphBuffer> Buffers { get; } = buffers;

    /// <summary>For each input of the graph the buffer that the caller fills, dense and row-major.</summary>
    public IReadOnlyList<int> Inputs { get; } = inputs;

    /// <summary>For each output of the graph the buffer that the caller reads, dense and row-major.</summary>
    public IReadOnlyList<int> Outputs { get; } = outputs;

    /// <summary>Frees packed weights.</summary>
    public void Dispose()
    {
        foreach (var step in Steps)
            step.Dispose();
    }
}

/// <summary>Memory that steps hand to each other.</summary>
/// <param name="ByteLength">Size in bytes, padding included.</param>
/// <param name="Layout">What lies in it, for people: <c>f32 [1,64,56,56]</c>, <c>f32 [1,4,58,58]×16</c>.</param>
public sealed record GraphBuffer(long ByteLength, string Layout);
