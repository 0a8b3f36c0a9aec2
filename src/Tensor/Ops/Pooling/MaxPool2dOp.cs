namespace ResNeSt.Tensors;

/// <summary>Largest value under each window. Input: x [N,C,H,W]; outputs: y [N,C,H',W'] and, as I32, where in the input plane (row · W + column)
/// each value was found: the first of equal ones, the last NaN if there is one, -1 if no tap of the window lies in the image.</summary>
/// <param name="Geometry">Window, stride, padding (never chosen), dilation and rounding.</param>
public sealed record MaxPool2dOp(PoolGeometry Geometry) : PrimitiveOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override bool SavesOutput(int index) => index == 1;

    /// <inheritdoc/>
    public override bool IsDifferentiable(int output) => output == 0;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        var dtype = RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,C,H,W]");
        if (Geometry.Fault() is { } fault)
            throw Error(fault, inputs);
        var x = inputs[0].Shape;
        int height = Geometry.OutputHeight(x[2]), width = Geometry.OutputWidth(x[3]);
        if (height < 1 || width < 1)
            throw Error($"the window {Geometry.KernelH}×{Geometry.KernelW} is larger than the padded image", inputs);
        Shape y = [x[0], x[1], height, width];
        return [new TensorSpec(y, dtype), new TensorSpec(y, DType.I32)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs)
    {
        var outputs = Infer(inputs);
        return OpCost.Streaming(inputs, outputs, (long)outputs[0].ElementCount * Geometry.KernelH * Geometry.KernelW);
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var x = context.InputSpec(0).Shape;
        context.GiveGrad(0, OpDispatcher.Run(new MaxPool2dGradOp(x[2], x[3]), context.GradOutput(), context.Output(1))[0]);
    }
}

/// <summary>Calls of <see cref="MaxPool2dOp"/>.</summary>
public static class MaxPool2dExtensions
{
    extension(Tensor x)
    {
        /// <summary>Largest value under each window.</summary>
        public Tensor MaxPool2d(PoolGeometry geometry) => OpDispatcher.Run(new MaxPool2dOp(geometry), x)[0];

        /// <summary>Largest value under each window, and its place in the input plane.</summary>
        public (Tensor Values, Tensor Indices) MaxPool2dWithIndices(PoolGeometry geometry)
        {
            var outputs = OpDispatcher.Run(new MaxPool2dOp(geometry), x);
            return (outputs[0], outputs[1]);
        }
    }
}
