namespace ResNeSt.Tensors;

/// <summary>Mean under each window. Input: x [N,C,H,W]; output [N,C,H',W'].</summary>
/// <param name="Geometry">Window, stride, padding and rounding; the dilation must be one.</param>
/// <param name="CountPadding">Divide by the window's part of the padded image instead of its part of the image.</param>
/// <param name="DivisorOverride">Divide by this number instead; zero for none.</param>
public sealed record AvgPool2dOp(PoolGeometry Geometry, bool CountPadding, int DivisorOverride) : PrimitiveOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        var dtype = RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,C,H,W]");
        if (Geometry.Fault() is { } fault)
            throw Error(fault, inputs);
        if (Geometry.DilationH != 1 || Geometry.DilationW != 1)
            throw Error($"dilation {Geometry.DilationH}×{Geometry.DilationW} must be one", inputs);
        var x = inputs[0].Shape;
        int height = Geometry.OutputHeight(x[2]), width = Geometry.OutputWidth(x[3]);
        if (height < 1 || width < 1)
            throw Error($"the window {Geometry.KernelH}×{Geometry.KernelW} is larger than the padded image", inputs);
        return [new TensorSpec([x[0], x[1], height, width], dtype)];
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
        var op = new AvgPool2dGradOp(Geometry, CountPadding, DivisorOverride, x[2], x[3]);
        context.GiveGrad(0, OpDispatcher.Run(op, context.GradOutput())[0]);
    }

    /// <summary>The rows or columns of the image under one window, and how many of the padded image.</summary>
    /// <param name="index">Number of the window along this axis.</param>
    /// <param name="input">Extent of the image.</param>
    /// <param name="kernel">Extent of the window.</param>
    /// <param name="stride">Step between windows.</param>
    /// <param name="before">Padding in front.</param>
    /// <param name="after">Padding behind.</param>
    public static (int From, int To, int Padded) Window(int index, int input, int kernel, int stride, int before, int after)
    {
        int from = index * stride - before;
        int to = Math.Min(from + kernel, input + after);
        return (Math.Max(from, 0), Math.Min(to, input), to - from);
    }
}

/// <summary>Calls of <see cref="AvgPool2dOp"/>.</summary>
public static class AvgPool2dExtensions
{
    extension(Tensor x)
    {
        /// <summary>Mean under each window.</summary>
        /// <param name="geometry">Window, stride, padding and rounding.</param>
        /// <param name="countPadding">Count padding as zeros instead of leaving it out of the mean.</param>
        /// <param name="divisorOverride">Divide by this number instead; zero for none.</param>
        public Tensor AvgPool2d(PoolGeometry geometry, bool countPadding = true, int divisorOverride = 0) =>
            OpDispatcher.Run(new AvgPool2dOp(geometry, countPadding, divisorOverride), x)[0];
    }
}
