namespace ResNeSt.Tensors;

/// <summary>Gradient of <see cref="DeformSampleOp"/> with respect to its image: each upstream gradient goes back to the four pixels that its
/// sample was mixed from. Inputs: dc [N, C·R·S, H', W'], offset [N, 2·G·R·S, H', W'] and, optionally, the mask; output [N, C, H, W].</summary>
/// <param name="Sampling">The operator's attribute.</param>
/// <param name="InputHeight">Rows of the operator's image.</param>
/// <param name="InputWidth">Columns of the operator's image.</param>
public sealed record DeformSampleInputGradOp(DeformSampling Sampling, int InputHeight, int InputWidth) : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 3);
        var dtype = RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,C·R·S,H',W']");
        RequireRank(inputs, 1, 4, "[N,2·G·R·S,H',W']");
        var (columns, offset) = (inputs[0].Shape, inputs[1].Shape);
        Shape image = [columns[0], columns[1] / Math.Max(Sampling.Taps, 1), InputHeight, InputWidth];
        if (Sampling.Fault(image, offset) is { } fault)
            throw Error(fault, inputs);
        if (columns != Sampling.Columns(image, offset))
            throw Error($"the gradient must be {Sampling.Columns(image, offset)}", inputs);
        if (inputs.Length == 3 && inputs[2].Shape != Sampling.Mask(offset))
            throw Error($"the mask must be {Sampling.Mask(offset)}", inputs);
        return [new TensorSpec(image, dtype)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 0) is var cost && cost.BytesWritten == 0
        ? cost
        : cost with { Flops = 8L * inputs[0].ElementCount };

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var columns = inputs[0].Shape;
        int n = columns[0], groups = Sampling.OffsetGroups, channels = columns[1] / Sampling.Taps;
        var matrices = new DeformMatrices(Sampling, inputs[1], InputHeight, InputWidth);
        var upstream = inputs[0].Reshape([n, groups, channels / groups, Sampling.Taps * columns.Product(2, 4)]);
        if (inputs.Length == 3)
            upstream *= inputs[2].Reshape([n, groups, 1, upstream.Shape[3]]);
        return [upstream.MatMul(matrices.Whole()).Reshape([n, channels, InputHeight, InputWidth])];
    }
}
