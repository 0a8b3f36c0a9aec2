namespace ResNeSt.Tensors;

/// <summary>x · sigmoid(x), also called swish.</summary>
public sealed record SiluOp : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        RequireFloat(inputs);
        return [inputs[0]];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, inputs, 4L * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs) => [inputs[0] * inputs[0].Sigmoid()];

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) =>
        context.GiveGrad(0, OpDispatcher.Run(new SiluGradOp(), context.Input(0), context.GradOutput())[0]);
}

/// <summary>Calls of <see cref="SiluOp"/>.</summary>
public static class SiluExtensions
{
    extension(Tensor x)
    {
        /// <summary>x · sigmoid(x) of every element.</summary>
        public Tensor Silu() => OpDispatcher.Run(new SiluOp(), x)[0];
    }
}
