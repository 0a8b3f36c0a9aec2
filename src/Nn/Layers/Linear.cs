using ResNeSt.Tensors;

namespace ResNeSt.Nn;

/// <summary>y = x·Wᵀ + b on the last axis, with learned <c>weight</c> [out, in] and optional <c>bias</c> [out].</summary>
public sealed class Linear : Module
{
    /// <summary>A fully connected layer.</summary>
    /// <param name="inputFeatures">Extent of the input's last axis.</param>
    /// <param name="outputFeatures">Extent of the output's last axis.</param>
    /// <param name="bias">Whether there is a learned summand.</param>
    public Linear(int inputFeatures, int outputFeatures, bool bias = true)
    {
        if (inputFeatures < 1 || outputFeatures < 1)
            throw new ShapeException($"Linear: {inputFeatures} to {outputFeatures} features: both must be positive");
        Weight = AddParameter("weight", [outputFeatures, inputFeatures], Init.UniformFanIn);
        if (bias)
            Bias = AddParameter("bias", [outputFeatures], Init.Uniform(1 / Math.Sqrt(inputFeatures)));
    }

    /// <summary>The matrix [out, in]; by default uniform in ±1/√in.</summary>
    public Parameter Weight { get; }

    /// <summary>The summand [out], or null.</summary>
    public Parameter? Bias { get; }

    /// <summary>Maps x [..., in] to [..., out].</summary>
    protected override Tensor Compute(Tensor x) => x.Linear(Weight.For(x), Bias?.For(x));
}
