using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>The function behind a convolution and its norm.</summary>
public enum Activation
{
    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>x · σ(x).</summary>
    Silu,

    /// <summary>The identity.</summary>
    None,
}

/// <summary>Calls of <see cref="Activation"/>.</summary>
internal static class ActivationExtensions
{
    extension(Tensor x)
    {
        public Tensor Activate(Activation activation) => activation switch
        {
            Activation.Relu => x.Relu(),
            Activation.Silu => x.Silu(),
            _ => x,
        };
    }

    extension(BatchNorm2d norm)
    {
        /// <summary>The norm and the activation behind it.</summary>
        public Tensor Forward(Tensor x, Activation activation) =>
            activation == Activation.Relu ? norm.ForwardRelu(x) : norm.Forward(x).Activate(activation);
    }
}
