using System.Numerics;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>A gate for each channel from its few neighbours alone: y = x · σ(k taps along the channels of the mean over the plane).</summary>
/// <remarks>Source: Wang et al. 2020, arXiv:1910.03151: the number of taps is the odd one at or above ⌊(log2 C + 1) / 2⌋, at least three.
/// Key as in timm: conv.weight [1, 1, taps].</remarks>
public sealed class EfficientChannelAttention : Module
{
    private readonly Weights _conv;

    /// <param name="channels">C.</param>
    public EfficientChannelAttention(int channels) => _conv = Child("conv", new Weights(Math.Max(3, (BitOperations.Log2((uint)channels) + 1) / 2 | 1)));

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => x * _conv.Forward(x.GlobalAvgPool()).Sigmoid().Reshape([x.Shape[0], x.Shape[1], 1, 1]);

    /// <summary>One window along the last axis of [N, C].</summary>
    private sealed class Weights : Module
    {
        private readonly Parameter _weight;
        private readonly int _taps;

        public Weights(int taps)
        {
            _taps = taps;
            _weight = AddParameter("weight", [1, 1, taps], Init.UniformFanIn);
        }

        protected override Tensor Compute(Tensor x)
        {
            var geometry = ConvGeometry.Same(1, _taps);
            return x.Reshape([x.Shape[0], 1, 1, x.Shape[1]]).Conv2d(_weight.For(x).Reshape([1, 1, 1, _taps]), geometry);
        }
    }
}
