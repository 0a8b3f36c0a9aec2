using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>Layers as the networks use them: convolutions without bias in front of a batch norm, with He's initialisation by fan out.</summary>
internal static class Layer
{
    public static Conv2d Conv(int inputChannels, int outputChannels, int kernel, int stride = 1, int padding = 0, int dilation = 1, int groups = 1, bool bias = false)
    {
        var conv = new Conv2d(inputChannels, outputChannels, kernel, stride, padding, dilation, groups, bias);
        conv.Weight.Initializer = Init.KaimingNormalFanOut;
        return conv;
    }

    /// <summary>A convolution without bias that is deformable if there are offsets.</summary>
    public static Module Deformable(int inputChannels, int outputChannels, int kernel, int stride, int padding, int dilation, int groups, DeformOptions? deformation, Module? offsets)
    {
        if (deformation is null)
            return Conv(inputChannels, outputChannels, kernel, stride, padding, dilation, groups);
        var conv = new DeformConv2d(inputChannels, outputChannels, kernel, ConvGeometry.Of(stride, padding, dilation, groups),
            deformation.OffsetGroups, deformation.Masked, bias: false, offsets);
        conv.Weight.Initializer = Init.KaimingNormalFanOut;
        return conv;
    }

    /// <summary>A batch norm whose γ begins at zero if <paramref name="zeroGamma"/>.</summary>
    public static BatchNorm2d Norm(int channels, bool zeroGamma = false)
    {
        var norm = new BatchNorm2d(channels);
        if (zeroGamma)
            norm.Weight.Initializer = Init.Zeros;
        return norm;
    }

    /// <summary>An activation as a part of a sequence.</summary>
    public static Module Activation(Activation activation) => activation switch
    {
        Models.Activation.Relu => new Relu(),
        Models.Activation.Silu => new Silu(),
        _ => new Identity(),
    };
}
