using ResNeSt.Tensors;

namespace ResNeSt.Onnx;

/// <summary>A value of the file that is being made: an input, a constant or what a node writes.</summary>
/// <param name="name">Its name, unique within the file.</param>
/// <param name="spec">Shape, with the batch that was traced, and element type.</param>
/// <param name="hasBatch">Whether the first axis grows with the batch.</param>
internal sealed class OnnxValue(string name, TensorSpec spec, bool hasBatch)
{
    /// <summary>Its name; an output of the network gets its final name at the end.</summary>
    public string Name { get; set; } = name;

    public TensorSpec Spec { get; } = spec;

    public Shape Shape => Spec.Shape;

    public bool HasBatch { get; } = hasBatch;
}
