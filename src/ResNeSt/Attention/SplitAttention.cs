using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>The split-attention unit: a grouped convolution makes R splits of C channels, and each channel chooses between its splits.</summary>
/// <remarks>
/// <para>u = ReLU(BN(conv(x))) has R·C channels, radix-major: split r of channel c is channel r·C + c, so that one ordinary convolution with
/// K·R groups makes all splits. s = mean over the plane of Σ_r u_r; a = fc2(ReLU(BN(fc1(s)))); the attention is the softmax of a over the
/// splits (a sigmoid if R = 1); y = Σ_r attention_r · u_r.</para>
/// <para>Source: Zhang et al. 2020, arXiv:2004.08955, §3; keys as in the authors' code: conv, bn0, fc1, bn1, fc2.</para>
/// </remarks>
public sealed class SplitAttention : Module
{
    private readonly int _radix;
    private readonly int _cardinality;
    private readonly Activation _activation;
    private readonly Module _conv;
    private readonly BatchNorm2d _bn0;
    private readonly Conv2d _fc1;
    private readonly BatchNorm2d _bn1;
    private readonly Conv2d _fc2;
    private readonly DropBlock2d? _drop;

    /// <param name="inputChannels">C_in.</param>
    /// <param name="channels">C.</param>
    /// <param name="kernel">Side of the square kernel.</param>
    /// <param name="stride">Step.</param>
    /// <param name="padding">Zeros on every side.</param>
    /// <param name="dilation">Distance of the kernel's taps.</param>
    /// <param name="radix">R, at least 1.</param>
    /// <param name="cardinality">K.</param>
    /// <param name="reduction">The attention's hidden layer has max(C_in·R/reduction, <paramref name="leastHidden"/>) channels.</param>
    /// <param name="leastHidden">Lower bound of the hidden channels.</param>
    /// <param name="activation">The function behind both batch norms.</param>
    /// <param name="deformation">Makes the convolution deformable; its stages do not matter here.</param>
    /// <param name="offsets">What gives its offsets, registered elsewhere; left out, the convolution has its own under the key conv.offset.</param>
    /// <param name="dropBlock">First probability of DropBlock behind the first norm; negative for none.</param>
    /// <exception cref="ShapeException">R·K does not divide C, or K not the hidden channels.</exception>
    public SplitAttention(int inputChannels, int channels, int kernel = 3, int stride = 1, int padding = 1, int dilation = 1,
        int radix = 2, int cardinality = 1, int reduction = 4, int leastHidden = 32, Activation activation = Activation.Relu,
        DeformOptions? deformation = null, Module? offsets = null, double dropBlock = -1)
    {
        int hidden = Math.Max(inputChannels * radix / reduction, leastHidden);
        if (radix < 1 || cardinality < 1 || channels % (radix * cardinality) != 0 || hidden % cardinality != 0)
            throw new ShapeException($"split attention: radix {radix} x cardinality {cardinality} must divide {channels} channels, and the cardinality {hidden} hidden channels");
        _radix = radix;
        _cardinality = cardinality;
        _activation = activation;
        _conv = Child("conv", Layer.Deformable(inputChannels, channels * radix, kernel, stride, padding, dilation, cardinality * radix, deformation, offsets));
        _bn0 = Child("bn0", Layer.Norm(channels * radix));
        _fc1 = Child("fc1", Layer.Conv(channels, hidden, kernel: 1, groups: cardinality, bias: true));
        _bn1 = Child("bn1", Layer.Norm(hidden));
        _fc2 = Child("fc2", Layer.Conv(hidden, channels * radix, kernel: 1, groups: cardinality, bias: true));
        if (dropBlock >= 0)
            _drop = Child("dropblock", new DropBlock2d(dropBlock));
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        var convolved = _conv.Forward(x);
        var splits = _drop is null ? _bn0.Forward(convolved, _activation) : _drop.Forward(_bn0.Forward(convolved)).Activate(_activation);
        var summary = splits.RadixSumGlobalAvgPool(_radix);
        var hidden = _bn1.Forward(_fc1.Forward(summary), _activation);
        var attention = _fc2.Forward(hidden).RadixSoftmax(_radix, _cardinality);
        return splits.AttentionWeightedSum(attention, _radix);
    }
}
