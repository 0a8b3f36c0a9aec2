using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>x where positive, else slope · x.</summary>
/// <param name="slope">Factor of negative values.</param>
public sealed class LeakyRelu(double slope = 0.01) : Module
{
    /// <inheritdoc/>
    protected override Tensor Compute(Tensor x) => x.LeakyRelu(slope);
}
