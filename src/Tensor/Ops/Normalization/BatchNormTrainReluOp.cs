namespace ResNeSt.Tensors;

/// <summary><see cref="BatchNormTrainOp"/> and <see cref="ReluOp"/> behind it in one: y = max(batch norm of x, 0).</summary>
/// <remarks>Inputs and outputs are those of the batch norm. Forward and backward each save passes over memory: nothing between the two is written,
/// and the upstream gradient is masked as it is read.</remarks>
/// <param name="Epsilon">Added to the variance.</param>
public sealed record BatchNormTrainReluOp(double Epsilon) : CompositeOp
{
    private BatchNormTrainOp Norm => new(Epsilon);

    /// <inheritdoc/>
    public override bool SavesInput(int index) => index != 2;

    /// <inheritdoc/>
    public override bool SavesOutput(int index) => true;

    /// <inheritdoc/>
    public override bool IsDifferentiable(int output) => output == 0;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs) => Norm.Infer(inputs);

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 6L * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var outputs = OpDispatcher.Run(Norm, inputs);
        return [outputs[0].Relu(), outputs[1], outputs[2]];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var gradients = OpDispatcher.Run(new BatchNormTrainReluGradOp(Epsilon),
            context.Input(0), context.Input(1), context.Output(1), context.Output(2), context.GradOutput(), context.Output(0));
        for (int i = 0; i < 3; i++)
        {
            if (context.Needs(i))
                context.GiveGrad(i, gradients[i]);
        }
    }
}
