using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>The CoXt layer: a <see cref="ContextualTransformer"/> whose convolutions are grouped, for the networks of the ResNeXt kind.</summary>
/// <remarks>The two halves of the channels are aggregated with windows of their own; see <see cref="ContextualAttention"/>.</remarks>
/// <param name="channels">D, of input and output; a multiple of 16.</param>
/// <exception cref="ShapeException">The channels are no multiple of 16.</exception>
public sealed class ContextualExtension(int channels) : ContextualAttention(channels, keyGroups: 8, groups: 2)
{
    /// <summary>Channel by channel input and context, x0, k0, x1, k1, …, so that each group of the next convolution sees both.</summary>
    private protected override Tensor Join(Tensor x, Tensor key)
    {
        var (n, c, height, width) = (x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
        Shape single = [n, c, 1, height, width];
        return Tensor.Concat(2, x.Reshape(single), key.Reshape(single)).Reshape([n, 2 * c, height, width]);
    }
}
