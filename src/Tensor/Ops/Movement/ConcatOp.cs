namespace ResNeSt.Tensors;

/// <summary>Joins tensors along one axis, in order.</summary>
/// <param name="Axis">The axis; all other extents must agree.</param>
public sealed record ConcatOp(int Axis) : PrimitiveOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, int.MaxValue);
        var first = inputs[0].Shape;
        if (Axis < 0 || Axis >= first.Rank)
            throw Error($"axis {Axis} does not exist", inputs);
        long extent = 0;
        foreach (var input in inputs)
        {
            if (input.DType != inputs[0].DType)
                throw Error($"needs inputs of one element type, got {inputs[0].DType} and {input.DType}; cast first", inputs);
            if (input.Shape.Rank != first.Rank || input.Shape.With(Axis, first[Axis]) != first)
                throw Error($"{input.Shape} and {first} differ in more than axis {Axis}", inputs);
            extent += input.Shape[Axis];
        }

        if (extent > int.MaxValue)
            throw Error($"{extent} positions along axis {Axis} are too many", inputs);
        return [new TensorSpec(first.With(Axis, (int)extent), inputs[0].DType)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 0);

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        int start = 0;
        for (int i = 0; i < context.InputCount; i++)
        {
            int length = context.InputSpec(i).Shape[Axis];
            if (context.Needs(i))
                context.GiveGrad(i, context.GradOutput().Slice(Axis, start, length));
            start += length;
        }
    }
}

/// <summary>Calls of <see cref="ConcatOp"/>.</summary>
public static class ConcatExtensions
{
    extension(Tensor)
    {
        /// <summary>Joins tensors along one axis, in order.</summary>
        /// <param name="axis">The axis; negative values count from the last.</param>
        /// <param name="parts">Tensors whose other extents agree.</param>
        public static Tensor Concat(int axis, params ReadOnlySpan<Tensor> parts)
        {
            if (parts.IsEmpty)
                throw new ShapeException("concat: takes at least one input, got none");
            return OpDispatcher.Run(new ConcatOp(parts[0].Shape.NormalizeAxis(axis, "concat")), parts)[0];
        }
    }
}
