using ResNeSt.Nn;
using ResNeSt.Tensors;

namespace ResNeSt.Models;

/// <summary>A non-local block whose weights do not depend on the position that asks: y = x + W_v Σ_i softmax_i(W_k x)_i · x_i.</summary>
/// <remarks>Source: Cao et al. 2019, arXiv:1904.11492, §3. Keys: conv_mask, conv_out. The last layer begins at zero.</remarks>
public sealed class SimplifiedNonLocal : Module
{
    private readonly Conv2d _mask;
    private readonly Conv2d _output;

    /// <param name="channels">C.</param>
    public SimplifiedNonLocal(int channels)
    {
        _mask = Child("conv_mask", Layer.Conv(channels, 1, kernel: 1, bias: true));
        _output = Child("conv_out", Layer.Conv(channels, channels, kernel: 1, bias: true));
        _output.Weight.Initializer = Init.Zeros;
        _output.Bias!.Initializer = Init.Zeros;
    }

    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => x + _output.Forward(AttentionPooling.Pool(x, _mask.Forward(x)));
}
