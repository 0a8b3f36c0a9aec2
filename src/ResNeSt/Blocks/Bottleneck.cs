using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>Where a block stands and how wide it is.</summary>
/// <param name="InputChannels">Channels that come in.</param>
/// <param name="Planes">P: the block puts out 4·P channels.</param>
/// <param name="Stride">Step of the block.</param>
/// <param name="Dilation">Distance of the taps of its 3×3 convolution.</param>
/// <param name="StageDilation">Dilation of the whole stage, which decides how the shortcut pools.</param>
/// <param name="IsFirst">First block of a stage whose resolution would change without dilation.</param>
public readonly record struct BlockPlace(int InputChannels, int Planes, int Stride = 1, int Dilation = 1, int StageDilation = 1, bool IsFirst = false);

/// <summary>1×1, 3×3, 1×1 with a shortcut around them; the 3×3 is a split-attention unit where the radix is at least one.</summary>
/// <remarks>Sources: He et al. 2016 with the stride in the 3×3; Zhang et al. 2020, arXiv:2004.08955. Keys: conv1, bn1, conv2 (and bn2 for radix 0),
/// conv3, bn3, downsample.</remarks>
public sealed class Bottleneck : Module
{
    /// <summary>Output channels per plane.</summary>
    public const int Expansion = 4;

    private readonly Conv2d _conv1;
    private readonly BatchNorm2d _bn1;
    private readonly Module _conv2;
    private readonly BatchNorm2d? _bn2;
    private readonly Conv2d _conv3;
    private readonly BatchNorm2d _bn3;
    private readonly Module? _shortcut;
    private readonly AvgPool2d? _poolBefore;
    private readonly AvgPool2d? _poolBehind;

    /// <param name="options">Radix, cardinality, width, shortcut and pooling.</param>
    /// <param name="place">Where the block stands.</param>
    public Bottleneck(ResNetOptions options, BlockPlace place)
    {
        int width = place.Planes * options.BottleneckWidth / 64 * options.Cardinality;
        int output = place.Planes * Expansion;
        bool averageDown = options.AverageDown && (place.Stride > 1 || place.IsFirst);
        int convStride = averageDown ? 1 : place.Stride;
        // Padding counts: the pool always divides by nine, and stands in dilated stages too, there with stride one.
        var pool = averageDown ? new AvgPool2d(kernel: 3, place.Stride, padding: 1) : null;
        _poolBefore = options.AverageDownFirst ? pool : null;
        _poolBehind = options.AverageDownFirst ? null : pool;

        _conv1 = Child("conv1", Layer.Conv(place.InputChannels, width, kernel: 1));
        _bn1 = Child("bn1", Layer.Norm(width));
        if (options.Radix >= 1)
        {
            _conv2 = Child<Module>("conv2", new SplitAttention(width, width, kernel: 3, convStride, place.Dilation, place.Dilation,
                options.Radix, options.Cardinality));
        }
        else
        {
            _conv2 = Child<Module>("conv2", Layer.Conv(width, width, kernel: 3, convStride, place.Dilation, place.Dilation, options.Cardinality));
            _bn2 = Child("bn2", Layer.Norm(width));
        }

        _conv3 = Child("conv3", Layer.Conv(width, output, kernel: 1));
        _bn3 = Child("bn3", Layer.Norm(output, options.ZeroLastGamma));
        if (place.Stride != 1 || place.InputChannels != output)
            _shortcut = Child("downsample", Shortcut.Create(options.Shortcut, place, output));
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x)
    {
        var y = _bn1.Forward(_conv1.Forward(x)).Relu();
        if (_poolBefore is not null)
            y = _poolBefore.Forward(y);
        y = _conv2.Forward(y);
        if (_bn2 is not null)
            y = _bn2.Forward(y).Relu();
        if (_poolBehind is not null)
            y = _poolBehind.Forward(y);
        y = _bn3.Forward(_conv3.Forward(y));
        return (y + (_shortcut?.Forward(x) ?? x)).Relu();
    }
}
