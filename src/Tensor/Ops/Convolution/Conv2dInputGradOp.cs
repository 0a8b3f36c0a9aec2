namespace ResNeSt.Tensors;

/// <summary>Gradient of <see cref="Conv2dOp"/> with respect to its image, and the forward pass of a transposed convolution.
/// Inputs: dy [N,K,H',W'], weight [K,C/groups,R,S]; output [N,C,H,W].</summary>
/// <param name="Geometry">The convolution's geometry.</param>
/// <param name="InputHeight">Rows of the convolution's image; strides leave several possible.</param>
/// <param name="InputWidth">Columns of the convolution's image.</param>
public sealed record Conv2dInputGradOp(ConvGeometry Geometry, int InputHeight, int InputWidth) : PrimitiveOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 2);
        var dtype = RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,K,H',W']");
        RequireRank(inputs, 1, 4, "[K,C/groups,R,S]");
        if (Geometry.Fault() is { } fault)
            throw Error(fault, inputs);
        var (dy, w) = (inputs[0].Shape, inputs[1].Shape);
        if (dy[1] != w[0] || w[0] % Geometry.Groups != 0)
            throw Error($"gradient has {dy[1]} channels, weight gives {w[0]} in {Geometry.Groups} groups", inputs);
        int height = Geometry.OutputHeight(InputHeight, w[2]), width = Geometry.OutputWidth(InputWidth, w[3]);
        if (dy[2] != height || dy[3] != width)
            throw Error($"an image of {InputHeight}×{InputWidth} gives {height}×{width}, the gradient is {dy[2]}×{dy[3]}", inputs);
        return [new TensorSpec([dy[0], w[1] * Geometry.Groups, InputHeight, InputWidth], dtype)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) =>
        OpCost.Streaming(inputs, Infer(inputs), 2L * inputs[0].ElementCount * inputs[1].Shape.Product(1, 4));

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var w = context.InputSpec(1).Shape;
        if (context.Needs(0))
            context.GiveGrad(0, context.GradOutput().Conv2d(context.Input(1), Geometry));
        if (context.Needs(1))
            context.GiveGrad(1, OpDispatcher.Run(new Conv2dWeightGradOp(Geometry, w[2], w[3]), context.GradOutput(), context.Input(0))[0]);
    }
}
