using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>x · sigmoid(x), also called swish.</summary>
public sealed class Silu : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Silu();
}
