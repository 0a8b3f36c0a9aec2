namespace ResNeSt.Tensors;

/// <summary>Gradient of <see cref="LocalAggregationOp"/> with respect to its values: inputs a [N, M, 9, H, W] and g = ∂L/∂y [N, C, H, W];
/// output ∂L/∂v[n,c,h,w] = Σ_i Σ_j (a·g)[n, c, 3i + j, h - i + 1, w - j + 1], where the position lies in the picture.</summary>
public sealed record LocalAggregationValueGradOp : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 2);
        RequireFloat(inputs);
        RequireRank(inputs, 0, 5, "[N,M,9,H,W]");
        RequireRank(inputs, 1, 4, "[N,C,H,W]");
        if (LocalAggregationOp.Check(inputs[1].Shape, inputs[0].Shape) is { } problem)
            throw Error(problem, inputs);
        return [inputs[1]];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) =>
        OpCost.Streaming(inputs, Infer(inputs), 2L * LocalAggregationOp.Taps * inputs[1].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        Tensor weights = inputs[0], g = inputs[1];
        var shape = g.Shape;
        var shared = g.Reshape(LocalAggregationOp.Shared(shape, weights.Shape));
        Tensor? sum = null;
        for (int tap = 0; tap < LocalAggregationOp.Taps; tap++)
        {
            // Each product goes back to where its value came from, in a picture with a border of one.
            int row = tap / LocalAggregationOp.Kernel, column = tap % LocalAggregationOp.Kernel;
            var product = (shared * LocalAggregationOp.Window(weights, tap)).Reshape(shape).Pad2d(row, 2 - row, column, 2 - column);
            sum = sum is null ? product : sum + product;
        }

        return [sum!.Pad2d(-1, -1, -1, -1)];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        // Linear in both inputs, and the transposed map of the aggregation: its own gradients are the other two operators.
        Tensor weights = context.Input(0), g = context.Input(1), upstream = context.GradOutput();
        if (context.Needs(0))
            context.GiveGrad(0, OpDispatcher.Run(new LocalAggregationWeightGradOp(weights.Shape[1]), upstream, g)[0]);
        if (context.Needs(1))
            context.GiveGrad(1, upstream.LocalAggregation(weights));
    }
}
