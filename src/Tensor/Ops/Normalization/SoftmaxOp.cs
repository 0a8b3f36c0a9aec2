namespace ResNeSt.Tensors;

/// <summary>Softmax along one axis: y = exp(x - m) / Σ exp(x - m) with m the largest logit, so that nothing overflows.</summary>
/// <remarks>Logits of -∞ get probability zero. A row whose logits are all -∞ has no distribution and becomes NaN, as in PyTorch.</remarks>
/// <param name="Axis">The axis that sums to one, counted from the front.</param>
public sealed record SoftmaxOp(int Axis) : CompositeOp
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
        // The shift cancels in the quotient, so no gradient needs to flow through the maximum.
        var powers = (x - x.Max([Axis], keepAxes: true).Detach()).Exp();
        return [powers / powers.Sum([Axis], keepAxes: true)];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) =>
        context.GiveGrad(0, OpDispatcher.Run(new SoftmaxGradOp(Axis), context.Output(0), context.GradOutput())[0]);
}

/// <summary>Calls of <see cref="SoftmaxOp"/>.</summary>
public static class SoftmaxExtensions
{
    extension(Tensor x)
    {
        /// <summary>Softmax along an axis; a negative axis counts from the last. A scalar counts as one class.</summary>
        /// <param name="axis">The axis that sums to one.</param>
        public Tensor Softmax(int axis) => x.Shape.Rank == 0
            ? x.Reshape([1]).Softmax(axis).Reshape(Shape.Scalar)
            : OpDispatcher.Run(new SoftmaxOp(x.Shape.NormalizeAxis(axis, "softmax")), x)[0];
    }
}
