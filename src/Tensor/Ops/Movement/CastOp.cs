namespace ResNeSt.Tensors;

/// <summary>Converts to another element type: to nearest, ties to even; to integers toward zero.</summary>
/// <param name="DType">The wanted type.</param>
public sealed record CastOp(DType DType) : PrimitiveOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        return [inputs[0] with { DType = DType }];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 0);

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) => context.GiveGrad(0, context.GradOutput().Cast(context.InputSpec(0).DType));
}

/// <summary>Calls of <see cref="CastOp"/>.</summary>
public static class CastExtensions
{
    extension(Tensor x)
    {
        /// <summary>The values as another element type; the tensor itself if it has that type.</summary>
        public Tensor Cast(DType dtype) => x.DType == dtype ? x : OpDispatcher.Run(new CastOp(dtype), x)[0];
    }
}
