using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>A convolution, or an attention in its place, with the norm and the activation behind it where it does not have them itself.</summary>
internal readonly record struct ConvNorm(Module Convolution, BatchNorm2d? Norm, Activation Activation)
{
    public Tensor Forward(Tensor x)
    {
        var y = Convolution.Forward(x);
        return (Norm?.Forward(y) ?? y).Activate(Activation);
    }
}
