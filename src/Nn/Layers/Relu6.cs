using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>min(max(x, 0), 6).</summary>
public sealed class Relu6 : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => x.Relu6();
}
