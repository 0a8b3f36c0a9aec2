using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>Mean over the picture: [N, C, H, W] becomes [N, C].</summary>
public sealed class GlobalAvgPool2d : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => x.GlobalAvgPool();
}
