using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>max(x, 0).</summary>
public sealed class Relu : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => x.Relu();
}
