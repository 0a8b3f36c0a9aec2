namespace ResNeSt.Tensors;

/// <summary>Gradient of <see cref="AvgPool2dOp"/>. Input: dy [N,C,H',W']; output [N,C,H,W].</summary>
/// <param name="Geometry">The pool's geometry.</param>
/// <param name="CountPadding">The pool's choice.</param>
/// <param name="DivisorOverride">The pool's choice.</param>
/// <param name="InputHeight">Rows of the pool's input.</param>
/// <param name="InputWidth">Columns of the pool's input.</param>
public sealed record AvgPool2dGradOp(PoolGeometry Geometry, bool CountPadding, int DivisorOverride, int InputHeight, int InputWidth) : PrimitiveOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        var dtype = RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,C,H',W']");
        if (Geometry.Fault() is { } fault)
            throw Error(fault, inputs);
        var dy = inputs[0].Shape;
        int height = Geometry.OutputHeight(InputHeight), width = Geometry.OutputWidth(InputWidth);
        if (dy[2] != height || dy[3] != width)
            throw Error($"an image of {InputHeight}×{InputWidth} gives {height}×{width}, the gradient is {dy[2]}×{dy[3]}", inputs);
        return [new TensorSpec([dy[0], dy[1], InputHeight, InputWidth], dtype)];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) =>
        context.GiveGrad(0, context.GradOutput().AvgPool2d(Geometry, CountPadding, DivisorOverride));
}
