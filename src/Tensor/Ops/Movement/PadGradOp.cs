namespace ResNeSt.Tensors;

/// <summary>Gradient of <see cref="PadOp"/> in the modes that repeat input positions: each input position sums over the places where it was seen.</summary>
/// <param name="Axis">The axis.</param>
/// <param name="Before">Positions that were added in front.</param>
/// <param name="After">Positions that were added behind.</param>
/// <param name="Mode">What was written there; not <see cref="PadMode.Constant"/>.</param>
public sealed record PadGradOp(int Axis, int Before, int After, PadMode Mode) : PrimitiveOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        RequireFloat(inputs);
        var shape = inputs[0].Shape;
        if (Axis < 0 || Axis >= shape.Rank)
            throw Error($"axis {Axis} does not exist", inputs);
        if (Mode == PadMode.Constant)
            throw Error("has no meaning in mode Constant; pad by the negative numbers instead", inputs);
        var input = new TensorSpec(shape.With(Axis, Math.Max(0, shape[Axis] - Before - After)), inputs[0].DType);
        if (new PadOp(Axis, Before, After, Mode).Infer([input])[0].Shape != shape)
            throw Error($"{shape[Axis]} positions along axis {Axis} are no result of adding {Before} and {After}", inputs);
        return [input];
    }

    /// <inheritdoc/>
    public override void Backward(BackwardContext context) => context.GiveGrad(0, context.GradOutput().Pad(Axis, Before, After, Mode));
}
