namespace ResNeSt.Tensors;

/// <summary>Repeats a tensor along axes of extent one, and along new leading axes, until it has a given shape.</summary>
/// <param name="Shape">The wanted shape.</param>
public sealed record BroadcastToOp(Shape Shape) : PrimitiveOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        if (Broadcasting.Combine(inputs[0].Shape, Shape, Name) != Shape)
            throw Error($"cannot be repeated to {Shape}", inputs);
        return [new TensorSpec(Shape, inputs[0].DType)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 0);

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) =>
        context.GiveGrad(0, Broadcasting.SumTo(context.GradOutput(), context.InputSpec(0).Shape));
}

/// <summary>Calls of <see cref="BroadcastToOp"/>.</summary>
public static class BroadcastToExtensions
{
    extension(Tensor x)
    {
        /// <summary>Repeats along axes of extent one until the tensor has <paramref name="shape"/>.</summary>
        public Tensor BroadcastTo(Shape shape) => x.Shape == shape ? x : OpDispatcher.Run(new BroadcastToOp(shape), x)[0];
    }
}
