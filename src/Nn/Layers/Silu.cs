using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>x · sigmoid(x), also called swish.</summary>
public sealed class Silu : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => x.Silu();
}
