namespace ResNeSt.Tensors;

/// <summary>Gradient of <see cref="DeformSampleOp"/> with respect to offsets and mask: upstream gradient times the slope, or the value, of the
/// picture at each sample, summed over the channels that move together. Inputs: x [N, C, H, W], offset [N, 2·G·R·S, H', W'],
/// dc [N, C·R·S, H', W'] and, optionally, the mask; outputs: that of the offsets and, with a mask, that of the mask.</summary>
/// <param name="Sampling">The operator's attribute.</param>
public sealed record DeformSampleOffsetGradOp(DeformSampling Sampling) : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 3, 4);
        RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,C,H,W]");
        RequireRank(inputs, 1, 4, "[N,2·G·R·S,H',W']");
        var (x, offset) = (inputs[0].Shape, inputs[1].Shape);
        if (Sampling.Fault(x, offset) is { } fault)
            throw Error(fault, inputs);
        if (inputs[2].Shape != Sampling.Columns(x, offset))
            throw Error($"the gradient must be {Sampling.Columns(x, offset)}", inputs);
        if (inputs.Length == 4 && inputs[3].Shape != Sampling.Mask(offset))
            throw Error($"the mask must be {Sampling.Mask(offset)}", inputs);
        return inputs.Length == 4 ? [inputs[1], inputs[3]] : [inputs[1]];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) =>
        OpCost.Streaming(inputs, Infer(inputs), (inputs.Length == 4 ? 20L : 14L) * inputs[2].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var (shape, offset) = (inputs[0].Shape, inputs[1].Shape);
        int n = shape[0], groups = Sampling.OffsetGroups, perGroup = shape[1] / groups, positions = offset.Product(2, 4), samples = Sampling.Taps * positions;
        var matrices = new DeformMatrices(Sampling, inputs[1], shape[2], shape[3]);
        // For each sample the gradient that every pixel of the picture would give it, over the channels.
        var pixels = inputs[2].Reshape([n, groups, perGroup, samples])
            .MatMul(inputs[0].Reshape([n, groups, perGroup, shape.Product(2, 4)]), transposeLeft: true)
            .Reshape([n, groups, samples, shape[2], shape[3]]);
        Tensor Along(Tensor columns) => (pixels * columns.Reshape([n, groups, samples, 1, shape[3]])).Sum([4]);
        var byRow = Along(matrices.Columns);
        var rows = (byRow * matrices.RowSlopes).Sum([3]);
        var columns = (Along(matrices.ColumnSlopes) * matrices.Rows).Sum([3]);
        Shape pair = [n, groups, Sampling.Taps, 1, positions];
        var gradient = Tensor.Concat(3, rows.Reshape(pair), columns.Reshape(pair));
        if (inputs.Length < 4)
            return [gradient.Reshape(offset)];
        return [(gradient * inputs[3].Reshape(pair)).Reshape(offset), (byRow * matrices.Rows).Sum([3]).Reshape(inputs[3].Shape)];
    }
}
