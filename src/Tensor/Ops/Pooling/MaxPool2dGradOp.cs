namespace ResNeSt.Tensors;

/// <summary>Gradient of <see cref="MaxPool2dOp"/>: adds each element of dy to the place that its window chose.
/// Inputs: dy [N,C,H',W'] and I32 indices of the same shape; output [N,C,H,W].</summary>
/// <param name="InputHeight">Rows of the pool's input.</param>
/// <param name="InputWidth">Columns of the pool's input.</param>
public sealed record MaxPool2dGradOp(int InputHeight, int InputWidth) : PrimitiveOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 2, 2);
        var dtype = RequireFloat(inputs[..1]);
        RequireRank(inputs, 0, 4, "[N,C,H',W']");
        if (inputs[1].DType != DType.I32 || inputs[1].Shape != inputs[0].Shape)
            throw Error($"indices must be I32{inputs[0].Shape}", inputs);
        return [new TensorSpec([inputs[0].Shape[0], inputs[0].Shape[1], InputHeight, InputWidth], dtype)];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) =>
        throw new NotSupportedException($"{Name}: second derivatives are not offered");
}
