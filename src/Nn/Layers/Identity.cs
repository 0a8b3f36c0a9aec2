using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>The input itself: holds a place in a sequence.</summary>
public sealed class Identity : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x;
}
