namespace ResNeSt.Tensors;

/// <summary>Fully connected layer: y = x · Wᵀ + b. Inputs: x [.., in], weight [out, in] and, optionally, bias [out]; output [.., out].</summary>
public sealed record LinearOp : CompositeOp
{
    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 3);
        var dtype = RequireFloat(inputs);
        var x = inputs[0].Shape;
        if (x.Rank == 0)
            throw Error("needs an input of at least one axis [.., in]", inputs);
        RequireRank(inputs, 1, 2, "[out, in]");
        var weight = inputs[1].Shape;
        if (x[-1] != weight[1])
            throw Error($"input has {x[-1]} features, weight expects {weight[1]}", inputs);
        if (inputs.Length == 3 && inputs[2].Shape != [weight[0]])
            throw Error($"bias must be [{weight[0]}]", inputs);
        return [new TensorSpec(x.With(x.Rank - 1, weight[0]), dtype)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs)
    {
        var outputs = Infer(inputs);
        return OpCost.Streaming(inputs, outputs, 2L * outputs[0].ElementCount * inputs[1].Shape[1]);
    }

    /// <inheritdoc/>
    public override bool SavesInput(int index) => index < 2;

    /// <inheritdoc/>
    public override Tensor[] Define(ReadOnlySpan<Tensor> inputs)
    {
        var x = inputs[0];
        var y = Rows(x, x.Shape).MatMul(inputs[1], false, true);
        if (inputs.Length == 3)
            y += inputs[2];
        return [y.Reshape(x.Shape.With(x.Shape.Rank - 1, inputs[1].Shape[0]))];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var shape = context.InputSpec(0).Shape;
        var dy = Rows(context.GradOutput(), context.OutputSpec(0).Shape);
        if (context.Needs(0))
            context.GiveGrad(0, dy.MatMul(context.Input(1)).Reshape(shape));
        if (context.Needs(1))
            context.GiveGrad(1, dy.MatMul(Rows(context.Input(0), shape), true, false));
        if (context.InputCount == 3 && context.Needs(2))
            context.GiveGrad(2, dy.Sum([0]));
    }

    private static Tensor Rows(Tensor tensor, Shape shape) => tensor.Reshape([shape.Product(0, shape.Rank - 1), shape[-1]]);
}

/// <summary>Calls of <see cref="LinearOp"/>.</summary>
public static class LinearExtensions
{
    extension(Tensor x)
    {
        /// <summary>x · weightᵀ + bias over the last axis.</summary>
        /// <param name="weight">[out, in].</param>
        /// <param name="bias">[out], or null.</param>
        public Tensor Linear(Tensor weight, Tensor? bias = null) =>
            (bias is null ? OpDispatcher.Run(new LinearOp(), x, weight) : OpDispatcher.Run(new LinearOp(), x, weight, bias))[0];
    }
}
