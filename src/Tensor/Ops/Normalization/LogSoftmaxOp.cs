namespace ResNeSt.Tensors;

/// <summary>Logarithm of the softmax along one axis: y = x - m - log Σ exp(x - m) with m the largest logit.</summary>
/// <remarks>Never the logarithm of a quotient: small probabilities keep their digits. Logits of -∞ stay -∞.</remarks>
/// <param name="Axis">The axis whose exponentials sum to one, counted from the front.</param>
public sealed record LogSoftmaxOp(int Axis) : CompositeOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override bool SavesOutput(int index) => true;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        RequireFloat(inputs);
        if ((uint)Axis >= (uint)inputs[0].Shape.Rank)
            throw Error($"axis {Axis} does not exist", inputs);
        return [inputs[0]];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 4L * inputs[0].ElementCount);

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var x = inputs[0];
        if (x.Spec.ElementCount == 0)
            return [x * 1];
        var shifted = x - x.Max([Axis], keepAxes: true).Detach();
        return [shifted - shifted.Exp().Sum([Axis], keepAxes: true).Log()];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) =>
        context.GiveGrad(0, OpDispatcher.Run(new LogSoftmaxGradOp(Axis), context.Output(0), context.GradOutput())[0]);
}

/// <summary>Calls of <see cref="LogSoftmaxOp"/>.</summary>
public static class LogSoftmaxExtensions
{
    extension(Tensor x)
    {
        /// <summary>Logarithm of the softmax along an axis; a negative axis counts from the last. A scalar counts as one class.</summary>
        /// <param name="axis">The axis whose exponentials sum to one.</param>
        public Tensor LogSoftmax(int axis) => x.Shape.Rank == 0
            ? x.Reshape([1]).LogSoftmax(axis).Reshape(Shape.Scalar)
            : OpDispatcher.Run(new LogSoftmaxOp(x.Shape.NormalizeAxis(axis, "log_softmax")), x)[0];
    }
}
