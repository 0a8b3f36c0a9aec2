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
    }
}
