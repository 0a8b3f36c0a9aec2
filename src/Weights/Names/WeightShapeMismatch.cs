using ResNeSt.Tensors;

namespace ResNeSt.Weights;

/// <summary>A tensor of a file whose name fits a network and whose shape does not.</summary>
/// <param name="Name">Official name.</param>
/// <param name="FileName">Name in the file.</param>
/// <param name="Expected">The network's shape.</param>
/// <param name="Found">The file's shape, in brackets.</param>
public sealed record WeightShapeMismatch(string Name, string FileName, Shape Expected, string Found)
{
    /// <inheritdoc/>
    public override string ToString() => $"{DataFileException.Escape(Name)} is {Found}, should be {Expected}";
}
