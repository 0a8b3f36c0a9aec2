namespace ResNeSt.Tensors;

/// <summary>Gradient of <see cref="Conv2dOp"/> with respect to its weight. Inputs: x [N,C,H,W], dy [N,K,H',W']; output [K,C/groups,R,S].</summary>
/// <param name="Geometry">The convolution's geometry.</param>
/// <param name="KernelH">Rows of the window; strides leave several possible.</param>
/// <param name="KernelW">Columns of the window.</param>
public sealed record Conv2dWeightGradOp(ConvGeometry Geometry, int KernelH, int KernelW) : PrimitiveOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 2);
        var dtype = RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,C,H,W]");
        RequireRank(inputs, 1, 4, "[N,K,H',W']");
        if (Geometry.Fault() is { } fault)
            throw Error(fault, inputs);
        var (x, dy) = (inputs[0].Shape, inputs[1].Shape);
        if (x[0] != dy[0])
            throw Error($"{x[0]} images, but gradients of {dy[0]}", inputs);
        if (x[1] % Geometry.Groups != 0 || dy[1] % Geometry.Groups != 0)
            throw Error($"{x[1]} and {dy[1]} channels cannot be divided into {Geometry.Groups} groups", inputs);
        int height = Geometry.OutputHeight(x[2], KernelH), width = Geometry.OutputWidth(x[3], KernelW);
        if (dy[2] != height || dy[3] != width)
            throw Error($"a window of {KernelH}×{KernelW} gives {height}×{width}, the gradient is {dy[2]}×{dy[3]}", inputs);
        return [new TensorSpec([dy[1], x[1] / Geometry.Groups, KernelH, KernelW], dtype)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs)
    {
        var outputs = Infer(inputs);
        return OpCost.Streaming(inputs, outputs, 2L * inputs[1].ElementCount * outputs[0].Shape.Product(1, 4));
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var x = context.InputSpec(0).Shape;
        if (context.Needs(0))
            context.GiveGrad(0, OpDispatcher.Run(new Conv2dInputGradOp(Geometry, x[2], x[3]), context.Input(1), context.GradOutput())[0]);
        if (context.Needs(1))
            context.GiveGrad(1, context.Input(0).Conv2d(context.GradOutput(), Geometry));
    }
}
