namespace ResNeSt.Tensors;

/// <summary>Gradients of <see cref="AttentionWeightedSumOp"/>: inputs x [N, R·C, H, W], a [N, R·C] or [N, R·C, 1, 1] and
/// g = ∂L/∂y [N, C, H, W]; outputs ∂L/∂x[n, r·C + c, h, w] = a[n, r·C + c]·g[n,c,h,w] and ∂L/∂a[n, r·C + c] = Σ_hw g·x, of a's shape.</summary>
/// <param name="Radix">Number of splits R.</param>
public sealed record AttentionWeightedSumGradOp(int Radix) : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 3, 3);
        RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,R*C,H,W]");
        var shape = inputs[0].Shape;
        if (new AttentionWeightedSumOp(Radix).Check(shape, inputs[1].Shape) is { } problem)
            throw Error(problem, inputs);
        var expected = shape.With(1, shape[1] / Radix);
        if (inputs[2].Shape != expected)
            throw Error($"the gradient must be {expected}", inputs);
        return [inputs[0], inputs[1]];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 3L * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var shape = inputs[0].Shape;
        var (n, c, plane) = (shape[0], shape[1] / Radix, shape[2] * shape[3]);
        var (x, attention) = (inputs[0].Reshape([n, Radix, c, plane]), inputs[1].Reshape([n, Radix, c, 1]));
        var gradient = inputs[2].Reshape([n, 1, c, plane]);
        return [(attention * gradient).Reshape(shape), (x * gradient).Sum([3]).Reshape(inputs[1].Shape)];
    }
}
