namespace ResNeSt.Tensors;

/// <summary>Gradient of <see cref="InterpolateOp"/>. Input: dy [N,C,H',W']; output [N,C,H,W].</summary>
/// <param name="Mode">The operator's mode.</param>
/// <param name="InputHeight">Rows of the operator's input.</param>
/// <param name="InputWidth">Columns of the operator's input.</param>
/// <param name="AlignCorners">The operator's choice.</param>
/// <param name="ScaleHeight">The operator's factor.</param>
/// <param name="ScaleWidth">The operator's factor.</param>
public sealed record InterpolateGradOp(
    InterpolationMode Mode, int InputHeight, int InputWidth, bool AlignCorners, double ScaleHeight, double ScaleWidth) : PrimitiveOp
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
        var op = new InterpolateOp(Mode, dy[2], dy[3], AlignCorners, ScaleHeight, ScaleWidth);
        context.GiveGrad(0, OpDispatcher.Run(op, context.GradOutput())[0]);
    }
}
