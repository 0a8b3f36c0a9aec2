namespace ResNeSt.Tensors;

/// <summary>Two-dimensional convolution (as cross-correlation). Inputs: x [N,C,H,W], weight [K,C/groups,R,S] and, optionally, bias [K];
/// output [N,K,H',W'].</summary>
/// <param name="Geometry">Stride, padding, dilation and groups.</param>
public sealed record Conv2dOp(ConvGeometry Geometry) : PrimitiveOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 3);
        var dtype = RequireFloat(inputs);
        RequireRank(inputs, 0, 4, "[N,C,H,W]");
        RequireRank(inputs, 1, 4, "[K,C/groups,R,S]");
        if (Geometry.Fault() is { } fault)
            throw Error(fault, inputs);
        var (x, w) = (inputs[0].Shape, inputs[1].Shape);
        if (x[1] != w[1] * Geometry.Groups)
            throw Error($"input has {x[1]} channels, weight expects {w[1]}×{Geometry.Groups} groups", inputs);
        if (w[0] % Geometry.Groups != 0)
            throw Error($"{w[0]} output channels cannot be divided into {Geometry.Groups} groups", inputs);
        if (inputs.Length == 3 && inputs[2].Shape != [w[0]])
            throw Error($"bias must be [{w[0]}]", inputs);
        if (w[2] < 1 || w[3] < 1)
            throw Error("the window is empty", inputs);
        int height = Geometry.OutputHeight(x[2], w[2]), width = Geometry.OutputWidth(x[3], w[3]);
        if (height < 1 || width < 1)
            throw Error($"the window {w[2]}×{w[3]} with dilation {Geometry.DilationH}×{Geometry.DilationW} is larger than the padded image", inputs);
        return [new TensorSpec([x[0], w[0], height, width], dtype)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs)
    {
        var outputs = Infer(inputs);
        return OpCost.Streaming(inputs, outputs, 2L * outputs[0].ElementCount * inputs[1].Shape.Product(1, 4));
    }

    /// <inheritdoc/>
    public override bool SavesInput(int index) => index < 2;

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var dy = context.GradOutput();
        var (x, w) = (context.InputSpec(0).Shape, context.InputSpec(1).Shape);
        if (context.Needs(0))
            context.GiveGrad(0, OpDispatcher.Run(new Conv2dInputGradOp(Geometry, x[2], x[3]), dy, context.Input(1))[0]);
        if (context.Needs(1))
            context.GiveGrad(1, OpDispatcher.Run(new Conv2dWeightGradOp(Geometry, w[2], w[3]), context.Input(0), dy)[0]);
        if (context.InputCount == 3 && context.Needs(2))
            context.GiveGrad(2, dy.Sum([0, 2, 3]));
    }
}

/// <summary>Calls of <see cref="Conv2dOp"/>.</summary>
public static class Conv2dExtensions
{
    extension(Tensor x)
    {
        /// <summary>Two-dimensional convolution.</summary>
        /// <param name="weight">[K, C/groups, R, S].</param>
        /// <param name="bias">[K], or null.</param>
        /// <param name="geometry">Stride, padding, dilation and groups.</param>
        public Tensor Conv2d(Tensor weight, Tensor? bias, ConvGeometry geometry)
        {
            var op = new Conv2dOp(geometry);
            return (bias is null ? OpDispatcher.Run(op, x, weight) : OpDispatcher.Run(op, x, weight, bias))[0];
        }

        /// <summary>Two-dimensional convolution without bias.</summary>
        /// <param name="weight">[K, C/groups, R, S].</param>
        /// <param name="geometry">Stride, padding, dilation and groups.</param>
        public Tensor Conv2d(Tensor weight, ConvGeometry geometry) => x.Conv2d(weight, null, geometry);
    }
}
