using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>The input itself: holds a place in a sequence.</summary>
public sealed class Identity : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => x;
}
