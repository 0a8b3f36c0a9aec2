using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>A gate for each position: y = x · σ(w·x + b), with one weight for each channel. Called sSE.</summary>
/// <remarks>Source: Roy et al. 2018, arXiv:1803.02579. Key: conv.</remarks>
public sealed class SpatialSqueeze : Module
{
    private readonly Conv2d _conv;

    /// <param name="channels">C.</param>
    public SpatialSqueeze(int channels) => _conv = Child("conv", Layer.Conv(channels, 1, kernel: 1, bias: true));

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => x * _conv.Forward(x).Sigmoid();
}
