namespace ResNeSt.Tensors;

/// <summary>Gradient of <see cref="AdaptiveAvgPool2dOp"/>. Input: dy [N,C,H',W']; output [N,C,H,W].</summary>
/// <param name="InputHeight">Rows of the pool's input.</param>
/// <param name="InputWidth">Columns of the pool's input.</param>
public sealed record AdaptiveAvgPool2dGradOp(int InputHeight, int InputWidth) : PrimitiveOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        var dtype = RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,C,H',W']");
        var dy = inputs[0].Shape;
        if (InputHeight < 1 || InputWidth < 1 || dy[2] < 1 || dy[3] < 1)
            throw Error($"no image of {InputHeight}×{InputWidth} has this gradient", inputs);
        return [new TensorSpec([dy[0], dy[1], InputHeight, InputWidth], dtype)];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var dy = context.InputSpec(0).Shape;
        context.GiveGrad(0, context.GradOutput().AdaptiveAvgPool2d(dy[2], dy[3]));
    }
}
