using ResNeSt.Tensors;
using ResNeSt.Tensors.Graphs;

namespace ResNeSt.Kernels.Cpu;

/// <summary>Winograd's F(2, 3) along the rows of unit-stride 3×3 convolutions, the direct sum down the columns: 1.5 times fewer multiplications, weights
/// 1.33 times as large.</summary>
/// <remarks>For small images with many channels, whose weights come from memory: those of F(2×2) are a third larger again, and fetching them costs more
/// than their fewer multiplications save. An infinity or a NaN in the input spoils the pair of outputs beside it.</remarks>
internal sealed class WinogradRowAlgorithm : ConvAlgorithm
{
    private WinogradRowAlgorithm()
    {
    }

    /// <summary>The only one.</summary>
    public static WinogradRowAlgorithm Instance { get; } = new();

    /// <inheritdoc/>
    public override string Name => "winograd2 rows";

    /// <inheritdoc/>
    public override bool Supports(ConvProblem problem) =>
        problem.IsUnitStride3x3 && problem.WeightType == DType.F32
        && problem.GroupInputs % BlockedLayout.Block == 0 && problem.GroupOutputs % BlockedLayout.Block == 0;

    /// <inheritdoc/>
    public override Border InputBorder(ConvProblem problem)
    {
        int top = problem.Geometry.PadTop, left = problem.Geometry.PadLeft;
        int rows = problem.OutputHeight + 2, columns = WinogradRows.Tiles(problem.OutputWidth) * WinogradRows.Outputs + 2;
        return new Border(Math.Max(0, top), Math.Max(0, left), Math.Max(0, rows - top - problem.InputHeight), Math.Max(0, columns - left - problem.InputWidth));
    }

    /// <inheritdoc/>
    public override PackedConv Pack(ConvProblem problem, GraphConstant weight, GraphConstant bias) => DirectAlgorithm.VectorBits switch
    {
        512 => new WinogradRowConv<Lanes512>(problem, weight, bias),
        256 => new WinogradRowConv<Lanes256>(problem, weight, bias),
        128 => new WinogradRowConv<Lanes128>(problem, weight, bias),
        _ => new WinogradRowConv<Lane>(problem, weight, bias),
    };
}
