namespace ResNeSt.Tensors;

/// <summary>Gradient of <see cref="LocalAggregationOp"/> with respect to its weights: inputs v and g = ∂L/∂y, both [N, C, H, W]; output
/// ∂L/∂a[n, m, 3i + j, h, w] = Σ_{c mod M = m} g[n,c,h,w] · v[n, c, h + i - 1, w + j - 1], [N, M, 9, H, W].</summary>
/// <param name="WeightChannels">M.</param>
public sealed record LocalAggregationWeightGradOp(int WeightChannels) : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 2);
        var dtype = RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,C,H,W]");
        var shape = inputs[0].Shape;
        if (inputs[1].Shape != shape)
            throw Error($"the gradient must be {shape} like the values", inputs);
        Shape weights = [shape[0], Math.Max(WeightChannels, 0), LocalAggregationOp.Taps, shape[2], shape[3]];
        if (LocalAggregationOp.Check(shape, weights) is { } problem)
            throw Error(problem, inputs);
        return [new TensorSpec(weights, dtype)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) =>
        OpCost.Streaming(inputs, Infer(inputs), 2L * LocalAggregationOp.Taps * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        Tensor v = inputs[0], g = inputs[1];
        var shape = v.Shape;
        var padded = v.Pad2d(1, 1, 1, 1);
        var taps = new Tensor[LocalAggregationOp.Taps];
        for (int tap = 0; tap < taps.Length; tap++)
        {
            var product = LocalAggregationOp.Neighbour(padded, shape, tap) * g;
            taps[tap] = product
                .Reshape([shape[0], shape[1] / WeightChannels, WeightChannels, shape[2], shape[3]])
                .Sum([1])
                .Reshape([shape[0], WeightChannels, 1, shape[2], shape[3]]);
        }

        return [Tensor.Concat(2, taps)];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        // Linear in both inputs; the upstream gradient has the shape of weights.
        Tensor v = context.Input(0), g = context.Input(1), upstream = context.GradOutput();
        if (context.Needs(0))
            context.GiveGrad(0, OpDispatcher.Run(new LocalAggregationValueGradOp(), upstream, g)[0]);
        if (context.Needs(1))
            context.GiveGrad(1, v.LocalAggregation(upstream));
    }
}
