using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>Two 3×3 convolutions with a shortcut around them, for the shallow networks; a selective kernel may stand for the first.</summary>
/// <remarks>Source: He et al. 2016, arXiv:1512.03385. Keys: conv1, bn1, conv2, bn2, downsample.</remarks>
public sealed class BasicBlock : ResidualBlock
{
    /// <summary>Output channels per plane.</summary>
    public const int Expansion = 1;

    private readonly ConvNorm _first;
    private readonly ConvNorm _second;

    /// <param name="options">Attention and shortcut.</param>
    /// <param name="place">Where the block stands.</param>
    public BasicBlock(ResNetOptions options, BlockPlace place)
        : base(options, place)
    {
        int planes = place.Planes, dilation = place.StageDilation;
        _first = AddSpatialConvolution(1, place.InputChannels, planes, place.Stride);
        _second = AddConvolution(2, Layer.Conv(planes, planes, kernel: 3, stride: 1, dilation, dilation),
            Layer.Norm(planes, options.ZeroLastGamma), Activation.None);
        AddSurroundings();
    }

    private protected override Tensor Residual(Tensor x) => _second.Forward(_first.Forward(x));
}
