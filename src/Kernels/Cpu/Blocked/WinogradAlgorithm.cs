using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Winograd's algorithm with tiles of two sizes.</summary>
internal static class WinogradAlgorithms
{
    /// <summary>F(2×2, 3×3): 2.25 times fewer multiplications, weights 1.8 times as large.</summary>
    public static ConvAlgorithm Two { get; } = new WinogradAlgorithm<WinogradTransform2>("winograd2");

    /// <summary>F(4×4, 3×3): 4 times fewer multiplications where the extents are multiples of four, weights 4 times as large.</summary>
    public static ConvAlgorithm Four { get; } = new WinogradAlgorithm<WinogradTransform4>("winograd4");
}

/// <summary>Winograd's algorithm for unit-stride 3×3 convolutions: fewer multiplications for more additions and larger weights.</summary>
/// <remarks>An infinity or a NaN in the input spoils all outputs of the tiles that read it, not only those whose window sees it. Errors: docs/numerics.md.</remarks>
/// <typeparam name="TTransform">The size of the tiles.</typeparam>
/// <param name="name">Its name in tables.</param>
internal sealed class WinogradAlgorithm<TTransform>(string name) : ConvAlgorithm
    where TTransform : struct, IWinogradTransform
{
    // Where groups and blocks of channels do not fit, weights of zero take part; beyond this share of useful ones there is nothing to be won.
    private const double LeastShare = 0.5;

    public override string Name => name;

    public override bool Supports(ConvProblem problem)
    {
        if (!problem.IsUnitStride3x3)
            return false;
        var plan = new WinogradPlan(problem, TTransform.Outputs);
        return (double)problem.OutputChannels * problem.GroupInputs * plan.Positions >= LeastShare * plan.WeightLength;
    }

    public override Border InputBorder(ConvProblem problem)
    {
        int height = (problem.OutputHeight + TTransform.Outputs - 1) / TTransform.Outputs * TTransform.Outputs + 2;
        int width = (problem.OutputWidth + TTransform.Outputs - 1) / TTransform.Outputs * TTransform.Outputs + 2;
        int top = problem.Geometry.PadTop, left = problem.Geometry.PadLeft;
        return new Border(
            Math.Max(0, top), Math.Max(0, left), Math.Max(0, height - top - problem.InputHeight), Math.Max(0, width - left - problem.InputWidth));
    }

    public override PackedConv Pack(ConvProblem problem, GraphConstant weight, GraphConstant bias) => DirectAlgorithm.VectorBits switch
    {
        512 => new WinogradConv<Lanes512, TTransform>(problem, weight, bias),
        256 => new WinogradConv<Lanes256, TTransform>(problem, weight, bias),
        128 => new WinogradConv<Lanes128, TTransform>(problem, weight, bias),
        _ => new WinogradConv<Lane, TTransform>(problem, weight, bias),
    };
}
