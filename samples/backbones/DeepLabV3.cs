using ResNeSt.Models;
using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Samples;

/// <summary>Semantic segmentation: a class for every pixel, from a backbone that keeps its resolution by dilation.</summary>
/// <remarks>Source: Chen et al. 2017, arXiv:1706.05587; the head is that of torchvision: convs.0 … convs.4 and project under classifier.0, the last two
/// convolutions under classifier.1, .2 and .4.</remarks>
public sealed class DeepLabV3 : Module
{
    private readonly ResNet _backbone;
    private readonly Sequential _head;

    /// <param name="backbone">The network below, of output stride 8 or 16 and with <c>Classes = 0</c>.</param>
    /// <param name="classes">Classes of a pixel.</param>
    /// <param name="channels">Channels of the head.</param>
    public DeepLabV3(ResNet backbone, int classes, int channels = 256)
    {
        _backbone = Child("backbone", backbone);
        // At half the resolution the same reach is half as many pixels.
        int[] rates = backbone.Options.OutputStride == 8 ? [12, 24, 36] : [6, 12, 18];
        _head = Child("classifier", new Sequential(
            new SpatialPyramid(backbone.Taps[^1].Channels, channels, rates),
            new Conv2d(channels, channels, kernel: 3, padding: 1, bias: false), new BatchNorm2d(channels), new Relu(),
            new Conv2d(channels, classes, kernel: 1)));
    }

    /// <summary>Logits [N, classes, H, W] for a picture [N, 3, H, W].</summary>
    protected override Tensor Compute(Tensor x) =>
        _head.Forward(_backbone.Features(x)[^1]).Interpolate(InterpolationMode.Bilinear, x.Shape[2], x.Shape[3]);
}
