namespace ResNeSt.Tensors;

/// <summary>Base of operators on two tensors of one floating-point type, element by element with broadcasting.</summary>
public abstract record BinaryOp : PrimitiveOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 2);
        var dtype = RequireFloat(inputs);
        return [new TensorSpec(Broadcasting.Combine(inputs[0].Shape, inputs[1].Shape, Name), dtype)];
    }
}
