namespace ResNeSt.Tensors;

/// <summary>Adds positions before and after the input along one axis.</summary>
/// <param name="Axis">The axis.</param>
/// <param name="Before">Number of positions added in front; negative to remove them.</param>
/// <param name="After">Number of positions added behind; negative to remove them.</param>
/// <param name="Mode">What is written there.</param>
/// <param name="Value">The value of <see cref="PadMode.Constant"/>.</param>
public sealed record PadOp(int Axis, int Before, int After, PadMode Mode = PadMode.Constant, double Value = 0) : PrimitiveOp
{
    /// <inheritdoc/>
    public override bool SavesInput(int index) => false;

    /// <inheritdoc/>
    public override TensorSpec[] Infer(ReadOnlySpan<TensorSpec> inputs)
    {
        RequireInputs(inputs, 1, 1);
        var shape = inputs[0].Shape;
        if (Axis < 0 || Axis >= shape.Rank)
            throw Error($"axis {Axis} does not exist", inputs);
        int extent = shape[Axis];
        long padded = (long)extent + Before + After;
        if (padded < 0 || padded > int.MaxValue)
            throw Error($"adding {Before} and {After} positions to the {extent} of axis {Axis} leaves {padded}", inputs);
        // One reflection or one turn at most, as elsewhere; what lies beyond has no agreed meaning.
        int most = Mode switch
        {
            PadMode.Reflect => extent - 1,
            PadMode.Circular => extent,
            PadMode.Replicate when extent == 0 => 0,
            _ => int.MaxValue,
        };
        if (Before > most || After > most)
            throw Error($"mode {Mode} can add at most {Math.Max(most, 0)} positions to the {extent} of axis {Axis}, not {Before} and {After}", inputs);
        return [new TensorSpec(shape.With(Axis, (int)padded), inputs[0].DType)];
    }

    /// <inheritdoc/>
    public override OpCost Cost(ReadOnlySpan<TensorSpec> inputs) => OpCost.Streaming(inputs, Infer(inputs), 0);

    /// <inheritdoc/>
    public override void Backward(BackwardContext context)
    {
        var dy = context.GradOutput();
        context.GiveGrad(0, Mode == PadMode.Constant
            ? OpDispatcher.Run(new PadOp(Axis, -Before, -After), dy)[0]
            : OpDispatcher.Run(new PadGradOp(Axis, Before, After, Mode), dy)[0]);
    }

    /// <summary>The input position that is seen at position <paramref name="position"/> of the result, or -1 for the constant.</summary>
    /// <param name="mode">What is written outside of the input.</param>
    /// <param name="position">Position in the result minus the number of positions added in front.</param>
    /// <param name="extent">The input's extent.</param>
    public static int Source(PadMode mode, int position, int extent)
    {
        if ((uint)position < (uint)extent)
            return position;
        return mode switch
        {
            PadMode.Reflect => position < 0 ? -position : 2 * (extent - 1) - position,
            PadMode.Replicate => position < 0 ? 0 : extent - 1,
            PadMode.Circular => position < 0 ? position + extent : position - extent,
            _ => -1,
        };
    }
}

/// <summary>Calls of <see cref="PadOp"/>.</summary>
public static class PadExtensions
{
    extension(Tensor x)
    {
        /// <summary>Adds positions before and after the input along one axis; the tensor itself if there are none to add.</summary>
        /// <param name="axis">The axis; negative values count from the last.</param>
        /// <param name="before">Number of positions added in front; negative to remove them.</param>
        /// <param name="after">Number of positions added behind; negative to remove them.</param>
        /// <param name="mode">What is written there.</param>
        /// <param name="value">The value of <see cref="PadMode.Constant"/>.</param>
        public Tensor Pad(int axis, int before, int after, PadMode mode = PadMode.Constant, double value = 0) => before == 0 && after == 0
            ? x
            : OpDispatcher.Run(new PadOp(x.Shape.NormalizeAxis(axis, "pad"), before, after, mode, value), x)[0];

        /// <summary>Adds rows and columns around planes, the last two axes.</summary>
        /// <param name="top">Rows above.</param>
        /// <param name="bottom">Rows below.</param>
        /// <param name="left">Columns on the left.</param>
        /// <param name="right">Columns on the right.</param>
        /// <param name="mode">What is written there.</param>
        /// <param name="value">The value of <see cref="PadMode.Constant"/>.</param>
        public Tensor Pad2d(int top, int bottom, int left, int right, PadMode mode = PadMode.Constant, double value = 0) =>
            x.Pad(-1, left, right, mode, value).Pad(-2, top, bottom, mode, value);
    }
}
