using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>Normalisation of each group of neighbouring channels of each sample, with learned <c>weight</c> and <c>bias</c>; the same in
/// training and evaluation.</summary>
public sealed class GroupNorm : Module
{
    /// <summary>A group norm.</summary>
    /// <param name="groups">Number of groups.</param>
    /// <param name="channels">Number of channels C; a multiple of the groups.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <exception cref="ShapeException">The groups do not divide the channels.</exception>
    public GroupNorm(int groups, int channels, double epsilon = 1e-5)
    {
        if (groups < 1 || channels < 1 || channels % groups != 0)
            throw new ShapeException($"GroupNorm: {groups} groups must divide {channels} channels, and both be positive");
        Groups = groups;
        Epsilon = epsilon;
        Weight = AddParameter("weight", [channels], Init.Ones);
        Bias = AddParameter("bias", [channels], Init.Zeros);
    }

    /// <summary>Number of groups.</summary>
    public int Groups { get; }

    /// <summary>Added to the variance.</summary>
    public double Epsilon { get; }

    /// <summary>γ [C], initially one.</summary>
    public Parameter Weight { get; }

    /// <summary>β [C], initially zero.</summary>
    public Parameter Bias { get; }

    /// <summary>Normalises x [N, C, ...].</summary>
    protected override Tensor Compute(Tensor x) => x.GroupNorm(Groups, Weight.For(x), Bias.For(x), Epsilon);
}
