using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>In training sets each element to zero with probability p and divides the others by 1 - p; in evaluation the identity.</summary>
public sealed class Dropout : Module, IRandomModule
{
    /// <summary>A dropout.</summary>
    /// <param name="p">Probability of zero, in [0, 1].</param>
    /// <param name="generator">Source of randomness; may be set later, also by <see cref="Module.SetGenerator"/>.</param>
    public Dropout(double p, Generator? generator = null)
    {
        if (!(p is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(p), p, "Dropout: the probability must lie in [0, 1]");
        P = p;
        Generator = generator;
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
        var generator = Generator ?? throw new InvalidOperationException("Dropout: training needs a source of randomness; call SetGenerator on the network");
        return x.Dropout(P, generator);
    }
}
