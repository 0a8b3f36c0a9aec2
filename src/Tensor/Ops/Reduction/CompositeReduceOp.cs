namespace ResNeSt.Tensors;

/// <summary>Base of composite operators that reduce a floating-point tensor over a set of axes.</summary>
/// <param name="Axes">The axes that are reduced; an empty set reduces nothing.</param>
/// <param name="KeepAxes">Keep them with extent one instead of dropping them.</param>
public abstract record CompositeReduceOp(Axes Axes, bool KeepAxes) : CompositeOp
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

    /// <inheritdoc/>
    public sealed override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        // A sum of many F16 values overflows where their mean does not: storage types are widened once, before the first sum.
        var x = inputs[0];
        return x.DType is DType.F16 or DType.BF16 ? [Define(x.Cast(DType.F32)).Cast(x.DType)] : [Define(x)];
    }

    /// <summary>The meaning, for an input of F32 or F64.</summary>
    protected abstract Tensor Define(Tensor x);
}
