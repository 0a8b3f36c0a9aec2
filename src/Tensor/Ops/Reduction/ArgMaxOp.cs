namespace ResNeSt.Tensors;

/// <summary>Index (I64) of the largest element along one axis, which is dropped. NaN counts as largest.</summary>
/// <param name="Axis">The axis that is searched.</param>
/// <param name="SelectLast">Of equal elements take the last instead of the first.</param>
public sealed record ArgMaxOp(int Axis, bool SelectLast = false) : PrimitiveOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override bool IsDifferentiable(int output) => false;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        RequireFloat(inputs);
        var shape = ReductionShape.Reduced(Name, inputs[0].Shape, Axes.Of(Axis), keepAxes: false);
        if (inputs[0].Shape[Axis] == 0)
            throw Error($"no elements along axis {Axis} to search", inputs);
        return [new TensorSpec(shape, DType.I64)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), inputs[0].ElementCount);

    /// <summary>Nothing: indices have no gradient.</summary>
    public override void Backward(BackwardContext context)
    {
    }
}

/// <summary>Calls of <see cref="ArgMaxOp"/>.</summary>
public static class ArgMaxExtensions
{
    extension(Tensor x)
    {
        /// <summary>Index of the first largest element along an axis, which is dropped.</summary>
        /// <param name="axis">The axis; negative values count from the last.</param>
        public Tensor ArgMax(int axis) => OpDispatcher.Run(new ArgMaxOp(x.Shape.NormalizeAxis(axis, "arg_max")), x)[0];
    }
}
