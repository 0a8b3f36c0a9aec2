namespace ResNeSt.Tensors;

/// <summary>The same elements in the same order under another shape; shares the storage.</summary>
/// <param name="Shape">The new shape, with the same number of elements.</param>
public sealed record ReshapeOp(Shape Shape) : ViewOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        if (Shape.ElementCount != inputs[0].ElementCount)
            throw Error($"{inputs[0].ElementCount} elements cannot take shape {Shape}", inputs);
        return [new TensorSpec(Shape, inputs[0].DType)];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) => context.GiveGrad(0, context.GradOutput().Reshape(context.InputSpec(0).Shape));
}

/// <summary>Calls of <see cref="ReshapeOp"/>.</summary>
public static class ReshapeExtensions
{
    extension(Tensor x)
    {
        /// <summary>The same elements under another shape, without a copy.</summary>
        public Tensor Reshape(Shape shape) => OpDispatcher.Run(new ReshapeOp(shape), x)[0];

        /// <summary>Joins an axis and all behind it into one.</summary>
        /// <param name="axis">First axis that is joined; negative values count from the last.</param>
        public Tensor Flatten(int axis = 1)
        {
            var shape = x.Shape;
            int from = shape.Rank == axis ? axis : shape.NormalizeAxis(axis, "flatten");
            return x.Reshape(Shape.Create([.. shape.Extents[..from], shape.Product(from, shape.Rank)]));
        }

        /// <summary>Drops an axis of extent one.</summary>
        /// <param name="axis">The axis; negative values count from the last.</param>
        /// <exception cref="ShapeException">The extent is not one.</exception>
        public Tensor Squeeze(int axis)
        {
            var shape = x.Shape;
            int at = shape.NormalizeAxis(axis, "squeeze");
            if (shape[at] != 1)
                throw new ShapeException($"squeeze: axis {axis} of {shape} has extent {shape[at]}, not one");
            return x.Reshape(Shape.Create([.. shape.Extents[..at], .. shape.Extents[(at + 1)..]]));
        }

        /// <summary>Inserts an axis of extent one.</summary>
        /// <param name="axis">Where it will be; negative values count from the end of the new shape.</param>
        public Tensor Unsqueeze(int axis)
        {
            var shape = x.Shape;
            int at = axis < 0 ? axis + shape.Rank + 1 : axis;
            if (at < 0 || at > shape.Rank)
                throw new ShapeException($"unsqueeze: axis {axis} is outside of the new shape of {shape}");
            return x.Reshape(Shape.Create([.. shape.Extents[..at], 1, .. shape.Extents[at..]]));
        }
    }
}
