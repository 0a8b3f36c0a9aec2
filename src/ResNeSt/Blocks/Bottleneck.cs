using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>1×1, 3×3, 1×1 with a shortcut around them; the 3×3 is a split-attention unit where the radix is at least one.</summary>
/// <remarks>Sources: He et al. 2016 with the stride in the 3×3; Zhang et al. 2020, arXiv:2004.08955. Keys: conv1, bn1, conv2 (and bn2 unless
/// an attention stands there), conv3, bn3, downsample.</remarks>
public sealed class Bottleneck : ResidualBlock
{
    /// <summary>Output channels per plane.</summary>
    public const int Expansion = 4;

    private readonly ConvNorm _reduce;
    private readonly ConvNorm _spatial;
    private readonly ConvNorm _expand;
    private readonly Module? _attention;
    private readonly Module? _poolBefore;
    private readonly Module? _poolBehind;

    /// <param name="options">Radix, cardinality, width, attention, shortcut and pooling.</param>
    /// <param name="place">Where the block stands.</param>
    public Bottleneck(ResNetOptions options, BlockPlace place)
        : base(options, place)
    {
        int width = place.Planes * options.BottleneckWidth / 64 * options.Cardinality;
        int reduced = width / options.FirstWidthDivisor;
        int output = place.Planes * Expansion;
        bool blurDown = options.BlurDown && place.Stride > 1;
        // A contextual layer cannot step itself.
        bool contextual = options.Attention.IsContextual;
        bool averageDown = (options.AverageDown && (place.Stride > 1 || place.IsFirst)) || (contextual && place.Stride > 1 && !blurDown);
        bool poolFirst = options.AverageDownFirst || contextual;
        // Padding counts: the pool always divides by nine, and stands in dilated stages too, there with stride one.
        var pool = averageDown ? new AvgPool2d(kernel: 3, place.Stride, padding: 1) : null;
        _poolBefore = poolFirst ? pool : null;
        _poolBehind = blurDown ? new BlurPool(place.Stride) : poolFirst ? null : pool;

        int firstStride = options.StrideInFirst ? place.Stride : 1;
        _reduce = AddConvolution(1, Layer.Conv(place.InputChannels, reduced, kernel: 1, firstStride), Layer.Norm(reduced), options.Activation)
            with { Drop = AddDropBlock(1) };
        _spatial = AddSpatialConvolution(2, reduced, width, averageDown || blurDown || options.StrideInFirst ? 1 : place.Stride);
        _attention = AddAttention(AttentionPlace.Middle, width);
        _expand = AddConvolution(3, Layer.Conv(width, output, kernel: 1), Layer.Norm(output, options.ZeroLastGamma), Activation.None)
            with { Drop = AddDropBlock(3) };
        AddSurroundings();
    }

    private protected override Tensor Residual(Tensor x)
    {
        var y = _reduce.Forward(x);
        y = _poolBefore?.Forward(y) ?? y;
        y = _spatial.Forward(y);
        y = _poolBehind?.Forward(y) ?? y;
        y = _attention?.Forward(y) ?? y;
        return _expand.Forward(y);
    }
}
