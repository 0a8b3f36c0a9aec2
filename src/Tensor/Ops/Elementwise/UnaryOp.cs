namespace ResNeSt.Tensors;

/// <summary>Base of operators that map each element by itself. Input: one floating-point tensor; output: the same spec.</summary>
public abstract record UnaryOp : PrimitiveOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        RequireFloat(inputs);
        return [inputs[0]];
    }
}
