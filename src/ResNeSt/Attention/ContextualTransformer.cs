using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>The CoT layer, which stands for the 3×3 convolution of a bottleneck; see <see cref="ContextualAttention"/>.</summary>
/// <param name="channels">D, of input and output; a multiple of 8.</param>
/// <exception cref="ShapeException">The channels are no multiple of 8.</exception>
public sealed class ContextualTransformer(int channels) : ContextualAttention(channels, keyGroups: 4, groups: 1)
{
    /// <summary>The input first, then the context.</summary>
    private protected override Tensor Join(Tensor x, Tensor key) => Tensor.Concat(1, x, key);
}
