namespace ResNeSt.Onnx;

/// <summary>Wishes for an ONNX file.</summary>
public sealed record OnnxExportOptions
{
    /// <summary>Name of the network in the file.</summary>
    public string Name { get; init; } = "network";

    /// <summary>Whether the first axis of inputs and outputs may have any extent, not only that of the graph.</summary>
    public bool DynamicBatch { get; init; }

    /// <summary>Names of the inputs, in order; the graph's own where there are fewer.</summary>
    public IReadOnlyList<string> InputNames { get; init; } = ["input"];

    /// <summary>Names of the outputs, in order; the graph's own where there are fewer.</summary>
    public IReadOnlyList<string> OutputNames { get; init; } = ["logits"];
}
