using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>A gate for each channel: y = x · σ(fc2(ReLU(fc1(mean of x over the plane)))). Also called cSE.</summary>
/// <remarks>Source: Hu et al. 2018, arXiv:1709.01507. Keys: fc1, fc2, both with bias.</remarks>
public sealed class SqueezeExcitation : Module
{
    private readonly Conv2d _fc1;
    private readonly Conv2d _fc2;

    /// <param name="channels">C.</param>
    /// <param name="hidden">Channels between the two layers; the paper has C / 16.</param>
    public SqueezeExcitation(int channels, int hidden)
    {
        _fc1 = Child("fc1", Layer.Conv(channels, hidden, kernel: 1, bias: true));
        _fc2 = Child("fc2", Layer.Conv(hidden, channels, kernel: 1, bias: true));
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) =>
        x * _fc2.Forward(_fc1.Forward(x.GlobalAvgPool(keepAxes: true)).Relu()).Sigmoid();
}
