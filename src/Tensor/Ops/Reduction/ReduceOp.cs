namespace ResNeSt.Tensors;

/// <summary>Base of primitive operators that reduce a floating-point tensor over a set of axes.</summary>
/// <param name="Axes">The axes that are reduced; an empty set copies.</param>
/// <param name="KeepAxes">Keep them with extent one instead of dropping them.</param>
public abstract record ReduceOp(Axes Axes, bool KeepAxes) : PrimitiveOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        var dtype = RequireFloat(inputs);
        return [new TensorSpec(ReductionShape.Reduced(Name, inputs[0].Shape, Axes, KeepAxes), dtype)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), inputs[0].ElementCount);
}
