namespace ResNeSt.Tensors;

/// <summary>Turns class indices (I64) into rows with a one at the index: [...] becomes [..., Classes].</summary>
/// <remarks>An index outside of [0, Classes) gives a row of zeros.</remarks>
/// <param name="Classes">Length of the rows.</param>
/// <param name="DType">Element type of the result.</param>
public sealed record OneHotOp(int Classes, DType DType) : PrimitiveOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override bool IsDifferentiable(int output) => false;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        if (inputs[0].DType != DType.I64)
            throw Error($"needs class indices of I64, got {inputs[0].DType}", inputs);
        if (Classes < 0)
            throw Error($"cannot have {Classes} classes", inputs);
        return [new TensorSpec(Shape.Create([.. inputs[0].Shape.Extents, Classes]), DType)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 0);

    /// <summary>Nothing: indices have no gradient.</summary>
    public override void Backward(BackwardContext context)
    {
    }
}

/// <summary>Calls of <see cref="OneHotOp"/>.</summary>
public static class OneHotExtensions
{
    extension(Tensor indices)
    {
        /// <summary>Rows with a one at each class index: [...] becomes [..., classes].</summary>
        public Tensor OneHot(int classes, DType dtype = DType.F32) => OpDispatcher.Run(new OneHotOp(classes, dtype), indices)[0];
    }
}
