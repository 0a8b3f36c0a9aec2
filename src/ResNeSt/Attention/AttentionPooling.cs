using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>A weighted mean over all positions, the weights being a softmax of one logit for each position.</summary>
internal static class AttentionPooling
{
    /// <param name="x">[N, C, H, W].</param>
    /// <param name="logits">[N, 1, H, W].</param>
    /// <returns>[N, C, 1, 1].</returns>
    public static Tensor Pool(Tensor x, Tensor logits)
    {
        var shape = logits.Shape;
        var weights = logits.Reshape([shape[0], 1, shape.Product(2, 4)]).Softmax(2).Reshape(shape);
        return (x * weights).Sum([2, 3], keepAxes: true);
    }
}
