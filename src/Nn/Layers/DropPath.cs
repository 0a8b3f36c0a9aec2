using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>In training sets whole samples to zero with probability p and divides the others by 1 - p: on a residual branch, stochastic depth.</summary>
/// <remarks>Source: Huang et al. 2016, arXiv:1603.09382, as timm's DropPath.</remarks>
public sealed class DropPath : Module, IRandomModule
{
    /// <summary>A drop path.</summary>
    /// <param name="p">Probability of zero, in [0, 1).</param>
    public DropPath(double p)
    {
        if (!(p is >= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(p), p, "DropPath: the probability must lie in [0, 1)");
        P = p;
    }

    /// <summary>Probability of zero.</summary>
    public double P { get; }

    /// <inheritdoc/>
    public Generator? Generator { get; set; }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Training without a <see cref="Generator"/>.</exception>
    protected override Tensor Compute(Tensor x)
    {
        if (!Training || P == 0)
            return x;
        var generator = Generator ?? throw new InvalidOperationException("DropPath: training needs a source of randomness; call SetGenerator on the network");
        var mask = new double[x.Shape[0]];
        for (int n = 0; n < mask.Length; n++)
            mask[n] = generator.NextUniform() < P ? 0 : 1 / (1 - P);
        int[] shape = [.. Enumerable.Repeat(1, x.Shape.Rank)];
        shape[0] = mask.Length;
        return x * Tensor.FromDoubles(mask, new TensorSpec(Shape.Create(shape), x.DType), x.Device);
    }
}
