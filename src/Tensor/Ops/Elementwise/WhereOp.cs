namespace ResNeSt.Tensors;

/// <summary>Choice, element by element with broadcasting: a where the condition is not zero, else b.</summary>
/// <remarks>Inputs: condition, a, b, of one floating-point type. What is not chosen has no influence, even if it is NaN; a NaN condition chooses a.</remarks>
public sealed record WhereOp : PrimitiveOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => index == 0;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 3, 3);
        var dtype = RequireFloat(inputs);
        var shape = Broadcasting.Combine(inputs[0].Shape, Broadcasting.Combine(inputs[1].Shape, inputs[2].Shape, Name), Name);
        return [new TensorSpec(shape, dtype)];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var (condition, dy) = (context.Input(0), context.GradOutput());
        var zero = Tensor.Zeros(Shape.Scalar, dy.DType, dy.Device);
        // The condition is piecewise constant: whoever computed it from something gets zero.
        if (context.Needs(0))
            context.GiveGrad(0, Tensor.Zeros(condition.Shape, condition.DType, condition.Device));
        if (context.Needs(1))
            context.GiveGrad(1, Broadcasting.SumTo(condition.Where(dy, zero), context.InputSpec(1).Shape));
        if (context.Needs(2))
            context.GiveGrad(2, Broadcasting.SumTo(condition.Where(zero, dy), context.InputSpec(2).Shape));
    }
}

/// <summary>Calls of <see cref="WhereOp"/>.</summary>
public static class WhereExtensions
{
    extension(Tensor condition)
    {
        /// <summary><paramref name="chosen"/> where this tensor is not zero, else <paramref name="otherwise"/>, with broadcasting.</summary>
        public Tensor Where(Tensor chosen, Tensor otherwise) => OpDispatcher.Run(new WhereOp(), condition, chosen, otherwise)[0];
    }
}
