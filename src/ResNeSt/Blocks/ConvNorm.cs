using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>A convolution, or an attention in its place, with the norm and the activation behind it where it does not have them itself.</summary>
internal readonly record struct ConvNorm(Module Convolution, BatchNorm2d? Norm, Activation Activation)
{
    /// <summary>Stands between norm and activation, or behind the norm where there is none.</summary>
    public Module? Drop { get; init; }

    public Tensor Forward(Tensor x)
    {
        var y = Convolution.Forward(x);
        if (Norm is not null && Drop is null)
            return Norm.Forward(y, Activation);
        y = Norm?.Forward(y) ?? y;
        return (Drop?.Forward(y) ?? y).Activate(Activation);
    }
}
