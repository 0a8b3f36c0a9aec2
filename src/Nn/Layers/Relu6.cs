using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>min(max(x, 0), 6).</summary>
public sealed class Relu6 : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Relu6();
}
