namespace ResNeSt.Tensors;

/// <summary>Transposed convolution. Inputs: x [N,K,H,W], weight [K,C/groups,R,S] and, optionally, bias [C]; output [N,C,H',W'] with
/// H' = (H - 1)·stride - padding + dilation·(R - 1) + 1 + extra rows.</summary>
/// <param name="Geometry">Geometry of the convolution that this one transposes.</param>
/// <param name="ExtraRows">Rows added at the bottom of the output ("output padding"), fewer than stride or dilation.</param>
/// <param name="ExtraColumns">Columns added at the right.</param>
public sealed record ConvTranspose2dOp(ConvGeometry Geometry, int ExtraRows, int ExtraColumns) : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 3);
        var dtype = RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,K,H,W]");
        RequireRank(inputs, 1, 4, "[K,C/groups,R,S]");
        if (Geometry.Fault() is { } fault)
            throw Error(fault, inputs);
        var (x, w) = (inputs[0].Shape, inputs[1].Shape);
        if (x[1] != w[0] || w[0] % Geometry.Groups != 0)
            throw Error($"input has {x[1]} channels, weight expects {w[0]} in {Geometry.Groups} groups", inputs);
        int channels = w[1] * Geometry.Groups;
        if (inputs.Length == 3 && inputs[2].Shape != [channels])
            throw Error($"bias must be [{channels}]", inputs);
        if (ExtraRows < 0 || ExtraRows >= Math.Max(Geometry.StrideH, Geometry.DilationH)
            || ExtraColumns < 0 || ExtraColumns >= Math.Max(Geometry.StrideW, Geometry.DilationW))
            throw Error($"extra rows and columns {ExtraRows},{ExtraColumns} must be fewer than stride or dilation", inputs);
        var (height, width) = OutputExtents(x, w);
        if (x[2] < 1 || x[3] < 1 || height < 1 || width < 1)
            throw Error($"the output would be {height}×{width}", inputs);
        return [new TensorSpec([x[0], channels, height, width], dtype)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) =>
        OpCost.Streaming(inputs, Infer(inputs), 2L * inputs[0].ElementCount * inputs[1].Shape.Product(1, 4));

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var (height, width) = OutputExtents(inputs[0].Shape, inputs[1].Shape);
        // Extra rows can make room for more windows than x has rows; an end padding that fits exactly does not, though it may be negative.
        var geometry = Geometry with { PadBottom = Geometry.PadBottom - ExtraRows, PadRight = Geometry.PadRight - ExtraColumns };
        var y = OpDispatcher.Run(new Conv2dInputGradOp(geometry, height, width), inputs[0], inputs[1])[0];
        return [inputs.Length == 3 ? y + inputs[2].Reshape([inputs[2].Shape[0], 1, 1]) : y];
    }

    private (int Height, int Width) OutputExtents(Shape x, Shape w) => (
        (x[2] - 1) * Geometry.StrideH - Geometry.PadTop - Geometry.PadBottom + Geometry.DilationH * (w[2] - 1) + 1 + ExtraRows,
        (x[3] - 1) * Geometry.StrideW - Geometry.PadLeft - Geometry.PadRight + Geometry.DilationW * (w[3] - 1) + 1 + ExtraColumns);
}
