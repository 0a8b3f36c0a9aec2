using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>Makes one axis of all axes but the first: [N, C, H, W] becomes [N, C·H·W].</summary>
public sealed class Flatten : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => x.Flatten();
}
