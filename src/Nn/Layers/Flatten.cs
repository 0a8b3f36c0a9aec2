using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>Makes one axis of all axes but the first: [N, C, H, W] becomes [N, C·H·W].</summary>
public sealed class Flatten : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => x.Flatten();
}
